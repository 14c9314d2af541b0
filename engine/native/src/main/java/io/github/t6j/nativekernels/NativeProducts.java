package io.github.t6j.nativekernels;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.QuantizedProducts;
import io.github.t6j.kernels.RoundedRows;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Products in a form of the C library, which is a set of instructions. All bounds are checked here, before the calls.
 *
 * @param form index of the form
 * @param name its name
 */
record NativeProducts(int form, String name) implements QuantizedProducts {
    /** Largest number of multiply-adds in a call: less than a millisecond on any processor with the instructions. */
    private static final long CALL = 1 << 24;

    @Override
    public String description() {
        return "native, " + name;
    }

    @Override
    public RoundedRows roundedRows(RoundedRows others) {
        return new NativeRows(others);
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        NativeRows rows = (NativeRows) to;
        Objects.checkFromIndexSize(xAt, count, x.length);
        Objects.checkIndex(row, rows.rows);
        Objects.checkIndex(BlockFormat.blocks(count) - 1, rows.blocks);
        long size = (long) rows.blocks * NativeRows.BLOCK_BYTES;
        Objects.checkFromIndexSize(row * size, size, rows.data.length);
        Library.round(form, x, xAt, count, rows.data, (int) (row * size));
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            float[] y, int yAt, int yStride) {
        long bytes = (long) x.blocks * format.bytes();
        for (int panel = 0; panel < panels; panel++) {
            multiply((NativeRows) x, format.ordinal(), bytes, w, wAt + panel * bytes, units[unitAt + panel], y,
                    yAt + panel * PANEL, yStride);
        }
    }

    @Override
    public void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, float[] y, int yAt,
            int yStride) {
        multiply((NativeRows) x, BlockFormat.values().length + format.ordinal(),
                format.panelBytes(x.blocks * BlockFormat.SIZE), w, wAt, unit, y, yAt, yStride);
    }

    /** Multiplies a panel of {@code bytes} bytes, in calls with as few and as even numbers of rows as possible. */
    private void multiply(
            NativeRows x, int type, long bytes, MemorySegment w, long wAt, float unit, float[] y, int yAt,
            int yStride) {
        Objects.checkFromIndexSize(wAt, bytes, w.byteSize());
        Objects.checkFromIndexSize(0, (long) x.rows * x.blocks * NativeRows.BLOCK_BYTES, x.data.length);
        Objects.checkFromIndexSize(yAt, (x.rows - 1L) * yStride + PANEL, y.length);
        Objects.checkIndex(0, yStride);
        long work = (long) x.blocks * BlockFormat.SIZE * PANEL;
        int most = Math.clamp(CALL / Math.max(1, work), 1, x.rows);
        for (int row = 0, calls = Math.ceilDiv(x.rows, most); calls > 0; calls--) {
            int rows = Math.ceilDiv(x.rows - row, calls);
            Library.multiply(form, type, x.data, row * x.blocks * NativeRows.BLOCK_BYTES, rows, x.blocks, w, wAt, unit,
                    y, yAt + row * yStride, yStride);
            row += rows;
        }
    }
}
