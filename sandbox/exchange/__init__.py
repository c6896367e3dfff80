"""An exchange that speaks ISS, Moscow Exchange's protocol. Its prices are made up, and the same for ever."""
