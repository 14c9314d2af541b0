package io.github.t6j;

import io.github.t6j.nativekernels.EveryForm;

/** The recorded bits with native kernels. */
class NativeBitsTest extends RecordedBitsTest {
    @Override
    ModelOptions options() {
        return EveryForm.options();
    }
}
