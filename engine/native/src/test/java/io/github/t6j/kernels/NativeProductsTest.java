package io.github.t6j.kernels;

import io.github.t6j.kernels.choice.WarmingKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.nativekernels.EveryForm;

/** All tests of products with the native ones, in every form. */
class NativeProductsTest extends PackedMatMulTest {
    @Override
    Kernels kernels(boolean forIntel) {
        SimdKernels simd = new SimdKernels(forIntel);
        return new WarmingKernels(simd, simd, simd.tiles(), EveryForm.assumed());
    }
}
