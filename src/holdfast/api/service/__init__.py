"""What is served beside the resources: probes, metrics, the document and its pages."""
