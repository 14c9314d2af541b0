package io.github.t6j.kernels;

import io.github.t6j.kernels.simd.SimdGradientKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/** The one place that decides between the SIMD kernels and their scalar twin; it decides once. */
public final class KernelChoice {
    private KernelChoice() {}

    private static final boolean FUSED = Machine.fused();
    private static final ScalarKernels SCALAR = new ScalarKernels(FUSED);
    private static final Kernels BEST = best();

    /** The fastest kernels that this JVM can run. */
    public static Kernels kernels() {
        return BEST;
    }

    /** The same, with the scalar twin in place of kernels that are not compiled yet; to be closed. */
    public static WarmingKernels warming() {
        return new WarmingKernels(BEST, SCALAR, BEST == SCALAR ? format -> 1 : SimdKernels::tileRows);
    }

    /** The scalar twin, as this machine computes it. */
    public static ScalarKernels scalar() {
        return SCALAR;
    }

    /** What training needs besides {@code kernels}, of the same kind. */
    public static GradientKernels gradients(Kernels kernels) {
        return kernels instanceof ScalarKernels scalar ? new ScalarGradientKernels(scalar) : new SimdGradientKernels();
    }

    /** {@link ScalarKernels#readAll} by the fastest kernel. */
    static int readAll(MemorySegment data, long at, long count) {
        return BEST == SCALAR ? ScalarKernels.readAll(data, at, count) : SimdKernels.readAll(data, at, count);
    }

    private static Kernels best() {
        String obstacle = obstacle();
        if (obstacle == null) {
            return new SimdKernels();
        }
        System.getLogger("io.github.t6j")
                .log(Level.WARNING, "t6j computes without SIMD, many times slower than it could: {0}", obstacle);
        return SCALAR;
    }

    /** Why the SIMD kernels cannot serve, and what to do; null if they can. */
    private static String obstacle() {
        String vm = System.getProperty("java.vm.info", "");
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return "the module jdk.incubator.vector is not there; start java with --add-modules jdk.incubator.vector";
        }
        if (vm.contains("interpreted") || vm.contains("emulated-client")) {
            return "C2, the compiler that knows vectors, is off; start java without -Xint and -XX:TieredStopAtLevel";
        }
        if (!FUSED) {
            return "there is no fused multiply-add; use a CPU that has it, without -XX:-UseFMA and -XX:UseAVX below 2";
        }
        if (!SimdKernels.available()) {
            return "vectors are narrower than 128 bits; start java with -XX:MaxVectorSize=16 or more, or without it";
        }
        return null;
    }
}
