/** The list of one's reservations: holds count down. */

import { countAll } from "./countdown.js";

countAll();
