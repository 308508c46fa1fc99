#pragma once

/// Prints to stdout in every way a careless library might: buffered, unbuffered, and straight to descriptor 1.
void make_noise(void);
