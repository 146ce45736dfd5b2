// The hall's page: its stored hall on the map.
import { preview } from "./preview.js";

preview().show();
