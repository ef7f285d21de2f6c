// The other process as a program of its own, where no bundle has it.

import { serve } from "./serve.ts";

serve();
