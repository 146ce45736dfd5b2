"""Time, processors, locks and disks: what a simulated installation stands on. It knows no seat."""
