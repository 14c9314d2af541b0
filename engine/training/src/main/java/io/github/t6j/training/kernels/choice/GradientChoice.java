package io.github.t6j.training.kernels.choice;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.training.kernels.GradientKernels;
import io.github.t6j.training.kernels.scalar.ScalarGradientKernels;
import io.github.t6j.training.kernels.simd.SimdGradientKernels;

/** Choice between the SIMD gradient kernels and their scalar twin. */
public final class GradientChoice {
    private GradientChoice() {}

    /** Returns the kernels that training needs in addition to {@code kernels}, SIMD or scalar as these are. */
    public static GradientKernels matching(Kernels kernels) {
        return kernels instanceof ScalarKernels scalar ? new ScalarGradientKernels(scalar) : new SimdGradientKernels();
    }
}
