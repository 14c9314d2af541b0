package io.github.t6j.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Blocks of a panel, unpacked for products: weights of the form scale · (q − zero) + offset ({@link KQuantFormat}). One
 * object serves all panels that a thread multiplies.
 */
public final class UnpackedBlocks {
    /** Number of inputs whose weights {@link #floats} has room for. */
    public static final int INPUTS = 128;

    /** Number of ints in a row of {@link #pairs}. */
    public static final int ROW = Kernels.PANEL / 2;

    /**
     * Integers q, [{@value KQuantFormat#SUPER} / 2][{@value #ROW}]: 16 bits hold two inputs, q0 + 256 · q1, and an int
     * holds two outputs, as in a row of {@link BlockFormat}.
     */
    public final int[] pairs = new int[KQuantFormat.SUPER / 2 * ROW];

    /** Scales, [{@value KQuantFormat#SUPER} / {@link KQuantFormat#scaled}][{@value Kernels#PANEL}]. */
    public final float[] scales = new float[2 * KQuantFormat.BLOCKS * Kernels.PANEL];

    /** Offsets, one for each scale; unused for Q6_K and Q5_0. */
    public final float[] offsets = new float[2 * KQuantFormat.BLOCKS * Kernels.PANEL];

    /** Sums of 16 bits, [{@value RoundedRows#GROUP}][{@link KQuantFormat#sums}][{@value #ROW}]. */
    public final int[] sums = new int[RoundedRows.GROUP * KQuantFormat.sums() * ROW];

    /** Common scales and mins of the super-block, [2][{@value Kernels#PANEL}]. */
    public final float[] common = new float[2 * Kernels.PANEL];

    /** Sum of what a product has prefetched, kept so that C2 does not drop the reads. */
    public int prefetched;

    /**
     * True if weights come from memory and not from a cache: kernels then read a panel before they multiply it. The
     * arithmetic alone keeps too few loads under way (ADR 55).
     */
    public final boolean readsFirst;

    private MemorySegment floats;
    private float[] panel = new float[0];

    /** Creates the scratch of one thread; {@code readsFirst} is true if weights come from memory. */
    public UnpackedBlocks(boolean readsFirst) {
        this.readsFirst = readsFirst;
    }

    /** Returns room for [{@value #INPUTS}][{@value Kernels#PANEL}] weights as floats, integers q − zero among them. */
    public MemorySegment floats() {
        if (floats == null) {
            floats = Arena.ofAuto().allocate((long) Float.BYTES * INPUTS * Kernels.PANEL, 64);
        }
        return floats;
    }

    /** Returns room for sums, [rows][{@value Kernels#PANEL}] at least. */
    public float[] panel(int rows) {
        panel = panel.length < rows * Kernels.PANEL ? new float[rows * Kernels.PANEL] : panel;
        return panel;
    }
}
