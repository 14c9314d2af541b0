package io.github.t6j.attention.paged;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.choice.KernelChoice;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/** Tests the limit of products with a page; {@link PagedAlgorithmTest} compares their values with the oracle. */
class PageProductsTest {
    @Test
    void columnsOfTwoScalesAreNotSummed() {
        try (Arena arena = Arena.ofConfined()) {
            Page page = Page.allocate(new TpaConfig(5, 40, 40, 6, 3, 2).newAttention().layout(), Format.Q8, arena);
            Kernels kernels = KernelChoice.kernels();
            float[] x = new float[80];
            assertThatThrownBy(
                    () -> PageProducts.multiplyColumns(kernels, page, x, 0, 1, 80, 0, new float[64], 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected columns of one vector, found 80 from 0");
        }
    }
}
