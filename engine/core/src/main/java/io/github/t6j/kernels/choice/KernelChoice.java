package io.github.t6j.kernels.choice;

import io.github.t6j.ComputeKernels;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.QuantizedProducts;
import io.github.t6j.kernels.processor.Processor;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Choice between the SIMD kernels, their scalar twin and what a model's options add, made here and nowhere else. */
public final class KernelChoice {
    private KernelChoice() {}

    private static final boolean FUSED = Processor.fused();
    private static final ScalarKernels SCALAR = new ScalarKernels(FUSED);
    private static final Kernels BEST = best();
    private static final Set<Integer> COMPILED = ConcurrentHashMap.newKeySet(); // kernels of BEST

    /** Returns the fastest kernels that this JVM can run. */
    public static Kernels kernels() {
        return BEST;
    }

    /**
     * Returns the fastest kernels, with the scalar twin serving for those not compiled yet; the caller closes them.
     *
     * @param option other kernels, or quantised products over the fastest kernels; null for the fastest in Java
     */
    public static WarmingKernels warming(ComputeKernels option) {
        TileTable tiles = BEST instanceof SimdKernels simd ? simd.tiles() : TileTable.COMMON;
        return switch (option) {
            case null -> new WarmingKernels(BEST, SCALAR, tiles, null, COMPILED);
            case Kernels kernels -> new WarmingKernels(kernels, kernels, tiles);
            case QuantizedProducts products -> new WarmingKernels(BEST, SCALAR, tiles, products, COMPILED);
            default -> throw new IllegalArgumentException(
                    "kernels: expected those of NativeKernels.load(), found " + option);
        };
    }

    /** Returns the scalar twin for this machine, with or without FMA. */
    public static ScalarKernels scalar() {
        return SCALAR;
    }

    /** Calls {@link ScalarKernels#readAll} or its SIMD form, whichever is fastest here. */
    public static int readAll(MemorySegment data, long at, long count) {
        return BEST == SCALAR ? ScalarKernels.readAll(data, at, count) : SimdKernels.readAll(data, at, count);
    }

    private static Kernels best() {
        String obstacle = obstacle();
        if (obstacle == null) {
            return new SimdKernels();
        }
        System.getLogger("io.github.t6j")
                .log(Level.WARNING, "t6j computes without SIMD, many times slower: {0}", obstacle);
        return SCALAR;
    }

    /** Returns the reason why the SIMD kernels cannot run, with advice, or null if they can. */
    private static String obstacle() {
        String vm = System.getProperty("java.vm.info", "");
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return "the module jdk.incubator.vector is missing; start java with --add-modules jdk.incubator.vector";
        }
        if (vm.contains("interpreted") || vm.contains("emulated-client")) {
            return "C2, the compiler of vector code, is disabled; start java without -Xint and -XX:TieredStopAtLevel";
        }
        if (!FUSED) {
            return "fused multiply-add is missing; use a CPU that has it, without -XX:-UseFMA and -XX:UseAVX below 2";
        }
        if (!SimdKernels.available()) {
            return "vectors are narrower than 128 bits; start java with -XX:MaxVectorSize=16 or more, or without it";
        }
        return null;
    }
}
