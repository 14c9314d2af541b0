package io.github.t6j;

import io.github.t6j.nativekernels.EveryForm;

/** The hostile models with native kernels. */
class NativeHostileModelsTest extends HostileModelsTest {
    @Override
    ModelOptions options() {
        return EveryForm.options();
    }
}
