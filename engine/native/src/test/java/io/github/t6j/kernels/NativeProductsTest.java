package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.choice.WarmingKernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.nativekernels.EveryForm;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All tests of products with the native ones, in every form. */
class NativeProductsTest extends PackedMatMulTest {
    @Override
    Kernels kernels(boolean forIntel) {
        SimdKernels simd = new SimdKernels(forIntel);
        return new WarmingKernels(simd, simd, simd.tiles(), EveryForm.assumed(), ConcurrentHashMap.newKeySet());
    }

    /** Java computes products of one row, which are warmed up; products of eight rows are native, and ready at once. */
    @Test
    @Timeout(60)
    void productsOfSeveralRowsNeedNoWarmUp() throws InterruptedException {
        SimdKernels simd = new SimdKernels(false);
        try (WarmingKernels kernels =
                new WarmingKernels(simd, new ScalarKernels(true), simd.tiles(), EveryForm.assumed(),
                        ConcurrentHashMap.newKeySet())) {
            for (DType dtype : List.of(DType.Q8_0, DType.Q6_K)) {
                multiply(kernels, pack(Tensor.of("w", dtype, new float[64 * 256], 64, 256)), new float[256], 1);
            }
            kernels.warmAll();
            while (!kernels.isWarm() || kernels.isWarmingUp()) {
                Thread.sleep(1);
            }
            assertThat(kernels.isReady(8)).isTrue();
            assertThat(kernels.isReady(3)).as("Java computes products of three rows with Q8_0").isFalse();
        }
    }
}
