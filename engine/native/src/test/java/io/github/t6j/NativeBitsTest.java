package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.nativekernels.EveryForm;
import org.junit.jupiter.api.AfterEach;

/** The recorded bits with native kernels. */
class NativeBitsTest extends RecordedBitsTest {
    private final EveryForm products = EveryForm.assumed();

    @Override
    ModelOptions options() {
        return ModelOptions.defaults().withKernels(products);
    }

    @AfterEach
    void nativeKernelsWereUsed() {
        assertThat(products.used()).contains(BlockFormat.Q8_0, KQuantFormat.Q4_K);
    }
}
