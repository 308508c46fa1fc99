#pragma once

// What Swift does not let one do.

/// Leaves a child behind that sleeps and keeps all descriptors.
void faulty_fork(void);

/// Writes where nothing is.
void faulty_crash(void);
