package io.github.t6j.jmh;

import io.github.t6j.attention.Rope;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Element-wise operations on a position, each on {@code width} elements that stay in L1, in one thread. */
public class ElementWiseBenchmark extends TimeBenchmark {
    /** Elements of a head, and tokens of a page. */
    static final int HEAD = 64;

    private static final float EPSILON = 0x1p-23f;

    /** Number of elements: a multiple of 64. */
    @Param({"768", "2048"})
    public int width;

    /** Kernels: simd or scalar. */
    @Param("simd")
    public String kernels;

    float[] x; //       [2 · width]
    float[] max; //     [width / 64]
    float[] sum; //     [width / 64][16]
    float[] y; //       [width]
    float[] rotated; // [width], heads of 64
    Rope rope;
    private Kernels chosen;
    private float[] lanes;
    private float[] cos;
    private float[] sin;

    /** Fills the elements. */
    @Setup
    public void fill() {
        chosen = BenchmarkSupport.kernels(kernels);
        x = BenchmarkSupport.floats(2 * width, new SplittableRandom(1));
        y = new float[width];
        rotated = Arrays.copyOf(x, width);
        max = new float[width / HEAD];
        Arrays.fill(max, 1f);
        sum = new float[width / HEAD * Kernels.LANES];
        lanes = new float[Kernels.LANES];
        rope = new Rope(HEAD, 0f);
        cos = new float[rope.pairs()];
        sin = new float[rope.pairs()];
        rope.table(1000, cos, sin, 0);
        List.<Runnable>of(this::rmsNorm, this::swiGlu, this::rope, this::softmax)
                .forEach(BenchmarkSupport::warmShort);
        rotated = Arrays.copyOf(x, width);
        Outputs.keep(rmsNorm().clone(), swiGlu().clone(), softmax(), sum, rope());
        rotated = Arrays.copyOf(x, width);
    }

    /** Root mean square norm. */
    @Benchmark
    public float[] rmsNorm() {
        chosen.rmsNorm(x, 0, width, EPSILON, null, y, 0, lanes);
        return y;
    }

    /** SwiGLU of {@code width} gates and ups. */
    @Benchmark
    public float[] swiGlu() {
        chosen.swiGlu(x, 0, width, width, y, 0);
        return y;
    }

    /** Rotation of heads of 64 elements by one position's table, in place. */
    @Benchmark
    public float[] rope() {
        rope.rotate(rotated, 0, width / HEAD, HEAD, cos, sin, 0);
        return rotated;
    }

    /** Weights of the softmax over one page of 64 tokens in all heads, and their sums. */
    @Benchmark
    public float[] softmax() {
        Arrays.fill(sum, 0f);
        chosen.softmax(x, width / HEAD, Format.F32, MemorySegment.NULL, 0, 0, max, sum, y);
        return y;
    }
}
