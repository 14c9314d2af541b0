package io.github.t6j.kernels.simd.generator;

import static io.github.t6j.kernels.simd.generator.KQuantTiles.masks;
import static io.github.t6j.kernels.simd.generator.KQuantTiles.times;
import static io.github.t6j.kernels.simd.generator.TileGenerator.plus;

import io.github.t6j.kernels.KQuantFormat;
import java.util.List;

/**
 * The part of {@link TileGenerator} for one row of K-quants. One method stores the sums of 16 bits of a super-block;
 * another multiplies them by the scales, which it unpacks.
 */
final class KQuantRows {
    private final Java java = Java.core();
    private final KQuantFormat format;
    private final boolean six;
    private final int sums; // in a block

    private KQuantRows(KQuantFormat format) {
        this.format = format;
        six = format.bits() == 6;
        sums = 32 / format.exact();
    }

    static String all() {
        Java file = Java.core();
        file.begin("KQuantRow", "Steps of products of one row and a super-block of K-quants, for {@code KQuantGemm}.");
        for (KQuantFormat format : List.of(KQuantFormat.Q4_K, KQuantFormat.Q5_K, KQuantFormat.Q6_K)) {
            file.add(new KQuantRows(format).sum());
        }
        for (KQuantFormat format : KQuantFormat.values()) {
            file.add(new KQuantRows(format).scale());
        }
        return file.end();
    }

    /** Stores the sums of two vectors of ints. */
    private Java sum() {
        java.open(
                "public static void sum%d(RoundedRows x, int row, int block, MemorySegment w, long wAt, long skip, int count,"
                        + " int[] sums, int to, int loopStep)",
                format.bits());
        java.line("int[] quants = x.quants;");
        java.line("int[] starts = x.starts[%d];", format.bits() - 4);
        java.line("int start = %s;", times(sums, sums == 1 ? "row * x.blocks + block" : "(row * x.blocks + block)"));
        java.line("int next = x.group * RoundedRows.BLOCK - BlockFormat.SIZE;");
        java.line("int k = x.at(row, block);");
        java.line("long step = (long) BlockFormat.ROW * loopStep;");
        masks(java, format);
        java.open("for (int last = start + %s; start != last;)", times(sums, "count"));
        java.line("wAt += skip;");
        if (sums > 1) {
            java.open("for (int end = start + %d; start != end; start += loopStep)", sums);
        }
        java.line("ShortVector s0 = IntVector.broadcast(INTS, starts[start]).reinterpretAsShorts();");
        java.line("ShortVector s1 = s0;");
        if (sums == 1) {
            java.open("for (long end = wAt + BlockFormat.SIZE / 4 * step; wAt != end; wAt += step)");
        }
        group();
        if (sums == 1) {
            java.close();
            java.line("start += loopStep;");
        } else {
            java.line("wAt += %s;", times(six ? format.groupRows() : 1, "step"));
        }
        for (int v = 0; v < 2; v++) {
            java.line("s%d.reinterpretAsInts().intoArray(sums, to%s);", v, v == 0 ? "" : " + LENGTH");
        }
        java.line("to += UnpackedBlocks.ROW;");
        if (sums > 1) {
            java.close();
        }
        java.line("k += next;");
        java.close();
        java.close();
        return java;
    }

    /** Multiplies the pairs of a group. */
    private void group() {
        if (format.bits() == 5) {
            fiveBits();
            return;
        }
        for (int pair = 0; pair < format.groupPairs(); pair++) {
            broadcast(pair);
            for (int v = 0; v < 2 && pair < format.groupRows(); v++) {
                java.line("IntVector n%d%d = %s;", pair, v, load("w", pair, v == 0 ? "" : " + 4 * LENGTH"));
            }
            for (int v = 0; v < 2; v++) {
                multiply(pair, v, KQuantTiles.pair(format, pair, "" + v));
            }
        }
        java.line("k += %d;", 2 * format.groupPairs());
    }

    /** A loop over two rows with three pairs, and a last row, since C2 may compile all pairs at once badly. */
    private void fiveBits() {
        java.line("IntVector rest0 = IntVector.zero(INTS), rest1 = rest0;");
        java.open("for (long stop = wAt + 4 * step; wAt != stop; wAt += 2 * step)");
        for (int pair = 0; pair < 3; pair++) {
            broadcast(pair);
            for (int v = 0; v < 2 && pair < 2; v++) {
                java.line("IntVector n%d%d = %s;", pair, v, load("w", pair, v == 0 ? "" : " + 4 * LENGTH"));
            }
            for (int v = 0; v < 2; v++) {
                multiply(pair, v, KQuantTiles.pair(format, pair, "" + v));
            }
        }
        for (int v = 0; v < 2; v++) {
            java.line("rest%d = INT_VECTOR.cast(rest%d).lanewise(LSHL, 1).or(n1%d.lanewise(LSHR, 4).and(mask08));", v,
                    v, v);
        }
        java.line("k += 6;");
        java.close();
        for (int pair = 0; pair < 2; pair++) {
            broadcast(pair);
        }
        for (int v = 0; v < 2; v++) {
            java.line("IntVector n%d = %s;", v, load("w", 0, v == 0 ? "" : " + 4 * LENGTH"));
            multiply(0, v, "n%d.and(mask1F)".formatted(v));
            multiply(1, v, "n%d.lanewise(LSHR, 5).and(mask07).or(INT_VECTOR.cast(rest%d))".formatted(v, v));
        }
        java.line("k += 4;");
    }

    private void broadcast(int pair) {
        for (int i = 2 * pair; i < 2 * pair + 2; i++) {
            java.line("ShortVector x%d = IntVector.broadcast(INTS, quants[k%s]).reinterpretAsShorts();",
                    i, i == 0 ? "" : " + " + i);
        }
    }

    private void multiply(int pair, int v, String unpacked) {
        String w = "w" + pair + v;
        java.line("ShortVector %s = %s.reinterpretAsShorts();", w, unpacked);
        java.line("s%d = s%d.add(%s.mul(x%d)).add(%s.lanewise(LSHR, 8).mul(x%d));", v, v, w, 2 * pair, w, 2 * pair + 1);
    }

    /** Adds the sums of a vector of ints times their scales, and offsets, to y. */
    private Java scale() {
        boolean nested = format.superRows() > 0;
        java.open(
                "public static void scale%s(RoundedRows x, int row, int block, MemorySegment w, long wAt, float exponent,"
                        + " int count, int[] sums, int at, float[] y, int yAt, int loopStep)",
                format);
        java.line("float[] scales = x.scales;");
        if (format.hasOffsets()) {
            java.line("float[] totals = x.totals;");
        }
        java.line("int place = row * x.blocks + block;");
        java.line("long step = (long) BlockFormat.ROW * %d * loopStep;", format.blockRows());
        java.line("FloatVector whole = FloatVector.broadcast(FLOATS, WHOLE);");
        java.line("FloatVector low = FloatVector.fromArray(FLOATS, y, yAt);");
        java.line("FloatVector high = FloatVector.fromArray(FLOATS, y, yAt + 16);");
        if (nested) {
            halves("common", 0, "exponent");
            if (format.superRows() > 1) {
                halves("min", 1, "-exponent");
            }
            java.line("wAt += %s;", times(format.superRows(), "BlockFormat.ROW"));
        }
        java.open("for (int last = place + count; place != last; place += loopStep)");
        if (nested) {
            java.line("IntVector part = %s;", load("w", 0, ""));
        } else {
            halves("scale", 0, "exponent");
            if (format.scaleRows() > 1) {
                halves("min", 1, "exponent");
            }
        }
        java.line("wAt += step;");
        java.line("float xScale = scales[place];");
        if (format.hasOffsets()) {
            java.line("FloatVector total = FloatVector.broadcast(FLOATS, totals[place]);");
        }
        if (six) {
            java.open("for (int half = 0; half != 16; half += 8 * loopStep)");
        }
        addSums();
        if (six) {
            java.close();
        }
        java.close();
        java.line("FLOAT_VECTOR.cast(low).intoArray(y, yAt);");
        java.line("FLOAT_VECTOR.cast(high).intoArray(y, yAt + 16);");
        java.close();
        return java;
    }

    /** Converts a row of f16. */
    private void halves(String name, int row, String factor) {
        java.line("IntVector %s = %s;", name, load("w", row, ""));
        for (int v = 0; v < 2; v++) {
            java.line("FloatVector %s%d = %s%s.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(%s);", name, v,
                    name, v == 0 ? ".lanewise(LSHL, 16)" : "", factor);
        }
    }

    private void addSums() {
        int both = format.scaled() / format.exact(); // sums with one scale
        java.line("IntVector all = IntVector.fromArray(INTS, sums, at);");
        if (both == 1) {
            java.line("IntVector upper = all.lanewise(ASHR, 16);");
        } else {
            java.line("IntVector second = IntVector.fromArray(INTS, sums, at + UnpackedBlocks.ROW);");
            java.line("IntVector upper = all.lanewise(ASHR, 16).add(second.lanewise(ASHR, 16));");
        }
        java.line("at += %s;", times(both, "UnpackedBlocks.ROW"));
        for (int v = 0; v < 2; v++) {
            String y = v == 0 ? "low" : "high";
            if (format.superRows() > 0) {
                java.line("FloatVector scale%d = %s.mul(common%d);", v, number(v, six ? "half" : "0"), v);
            }
            String bits = v == 1
                    ? "upper.add(WHOLE_BITS)"
                    : "all%s.sub(upper.lanewise(LSHL, 16)).add(WHOLE_BITS - %s)"
                            .formatted(both == 1 ? "" : ".add(second)", times(both, "0x8000"));
            java.line("%s = %s.reinterpretAsFloats().sub(whole).fma(scale%d.mul(xScale), FLOAT_VECTOR.cast(%s));",
                    y, bits, v, y);
            if (format.hasOffsets()) {
                String min = format.superRows() > 0 ? number(v, "8") + ".mul(min" + v + ")" : "min" + v;
                java.line("%s = scale%d.mul(%d).add(%s).fma(total, %s);", y, v, format.zero(), min, y);
            }
        }
    }

    /** Returns code for the whole number in a byte of each output. */
    private String number(int v, String bit) {
        String shift = v == 0 ? bit : bit.equals("0") ? "16" : bit.equals("8") ? "24" : "16 + " + bit;
        String shifted = "part" + (shift.equals("0") ? "" : ".lanewise(LSHR, " + shift + ")");
        return shifted + (shift.equals("24") ? "" : ".and(LOW_BYTE)") + ".or(BYTE_EXPONENT).reinterpretAsFloats().sub("
                + (six ? "BYTE_ZERO" : "0x1p23f") + ")";
    }

    private static String load(String w, int row, String place) {
        return "IntVector.fromMemorySegment(INTS, %s, wAt%s%s, LITTLE_ENDIAN)"
                .formatted(w, plus(row, "BlockFormat.ROW"), place);
    }
}
