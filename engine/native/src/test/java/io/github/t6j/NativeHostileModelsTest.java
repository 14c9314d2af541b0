package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.nativekernels.EveryForm;
import org.junit.jupiter.api.Test;

/** The hostile models with native kernels and weights of a type whose products of two rows they compute. */
class NativeHostileModelsTest extends HostileModelsTest {
    private final EveryForm products = EveryForm.assumed();

    @Override
    ModelOptions options() {
        return ModelOptions.defaults().withKernels(products).withWeightType(WeightType.Q4_0);
    }

    @Test
    @Override
    void aModelWithFixedKeysAndValuesRuns() {
        super.aModelWithFixedKeysAndValuesRuns();
        assertThat(products.used()).containsExactly(BlockFormat.Q4_0);
    }
}
