package io.github.t6j.oracle;

import io.github.t6j.ModelOptions;
import io.github.t6j.nativekernels.EveryForm;
import org.junit.jupiter.api.Tag;

/** The wide models with native kernels. */
@Tag("full")
class NativeWideModelsTest extends WideModelsTest {
    @Override
    ModelOptions options() {
        return EveryForm.options();
    }
}
