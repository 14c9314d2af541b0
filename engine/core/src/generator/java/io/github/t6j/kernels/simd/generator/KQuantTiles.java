package io.github.t6j.kernels.simd.generator;

import static io.github.t6j.kernels.simd.generator.TileGenerator.plus;

import io.github.t6j.kernels.KQuantFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The part of {@link TileGenerator} for four rows of K-quants. One method unpacks the integers of a block, which then
 * stay in L1; a tile of one vector of ints multiplies the integers of a super-block.
 */
final class KQuantTiles {
    private static final int ROWS = 4;

    /** Number of inputs in a step of the tile's innermost loop. */
    private static final int STEP = 4;

    private final Java java = Java.core();
    private final KQuantFormat format;
    private final int bits;
    private final int sums; // in a block

    private KQuantTiles(KQuantFormat format) {
        this.format = format;
        bits = format.bits();
        sums = 32 / format.exact();
    }

    static String all() {
        Java file = Java.core();
        file.begin("KQuantTile",
                "Steps of products of four rows and a super-block of K-quants, for {@code KQuantGemm}.");
        for (KQuantFormat format : List.of(KQuantFormat.Q4_K, KQuantFormat.Q5_K, KQuantFormat.Q6_K)) {
            KQuantTiles tiles = new KQuantTiles(format);
            tiles.unpack();
            tiles.four();
            file.add(tiles.java);
        }
        return file.end();
    }

    /** Returns code that unpacks a pair from rows of a group, whose vectors are named n, row and {@code v}. */
    static String pair(KQuantFormat format, int pair, String v) {
        List<String> terms = new ArrayList<>();
        for (KQuantFormat.Piece piece : format.pieces(pair)) {
            terms.add("n%d%s%s.and(mask%02X)".formatted(piece.row(), v,
                    piece.shift() == 0 ? "" : ".lanewise(LSHR, " + piece.shift() + ")", piece.mask()));
        }
        return terms.getFirst() + String.join("", terms.stream().skip(1).map(".or(%s)"::formatted).toList());
    }

    /** Declares the masks that {@link #pair} uses. Without them C2 would have a broadcast to inline for each use. */
    static void masks(Java java, KQuantFormat format) {
        IntStream.range(0, format.groupPairs()).boxed().flatMap(pair -> format.pieces(pair).stream())
                .map(KQuantFormat.Piece::mask).distinct()
                .forEach(mask -> java.line("IntVector mask%02X = IntVector.broadcast(INTS, 0x%08X);",
                        mask, 0x01010101 * mask));
    }

    /** Unpacks the integers of a block. */
    private void unpack() {
        java.open("public static void unpack%d(MemorySegment w, long wAt, int[] to, int at)", bits);
        masks(java, format);
        java.open("for (int group = 0; group < %d; group++)", 16 / format.groupPairs());
        java.open("for (int s = 0; s < UnpackedBlocks.ROW; s += LENGTH)");
        for (int row = 0; row < format.groupRows(); row++) {
            java.line("IntVector n%d = IntVector.fromMemorySegment(INTS, w, wAt%s + 4 * s, LITTLE_ENDIAN);",
                    row, plus(row, "BlockFormat.ROW"));
        }
        for (int pair = 0; pair < format.groupPairs(); pair++) {
            java.line("%s.intoArray(to, at%s + s);", pair(format, pair, ""), plus(pair, "UnpackedBlocks.ROW"));
        }
        java.close();
        java.line("wAt += %d * BlockFormat.ROW;", format.groupRows());
        java.line("at += %d * UnpackedBlocks.ROW;", format.groupPairs());
        java.close();
        java.close();
    }

    /** Adds the products of some blocks to y, for the outputs in the halves of one vector of ints. */
    private void four() {
        boolean six = bits == 6;
        int scaled = format.scaled() / format.exact(); // sums with one scale
        java.open("public static void four%d(RoundedRows x, int row, int block, UnpackedBlocks w, int count,%s int at,"
                + " int c, float[] y, int yAt, int yStride, int loopStep)", bits, bits == 5 ? " boolean offsets," : "");
        java.line("int[] quants = x.quants;");
        java.line("int[] starts = x.starts[%d];", bits - 4);
        java.line("int[] pairs = w.pairs;");
        java.line("float[] scales = w.scales;");
        java.line("float[] xScales = x.scales;");
        if (!six) {
            java.line("float[] offset = w.offsets;");
            java.line("float[] totals = x.totals;");
        }
        java.line("int blocks = x.blocks;");
        if (sums > 1) {
            java.line("int parts = %d * blocks;", sums);
        }
        for (int r = 0; r < ROWS; r++) {
            java.line("FloatVector low%d = FloatVector.fromArray(FLOATS, y, yAt%s);", r, plus(r, "yStride"));
            java.line("FloatVector high%d = FloatVector.fromArray(FLOATS, y, yAt%s + 16);", r, plus(r, "yStride"));
        }
        java.line("int k = x.at(row, block);");
        java.line("int place = row * blocks + block;");
        if (sums > 1) {
            java.line("int start = row * parts + %d * block;", sums);
        }
        java.line("int step = %d * UnpackedBlocks.ROW * loopStep;", STEP / 2);
        java.line("FloatVector whole = FloatVector.broadcast(FLOATS, WHOLE);");
        java.line("IntVector lowBits = IntVector.broadcast(INTS, WHOLE_BITS - %s);", times(scaled, "0x8000"));
        java.line("IntVector highBits = IntVector.broadcast(INTS, WHOLE_BITS);");
        java.open("for (int last = place + count; place != last; place += loopStep)");
        if (six) {
            java.open("for (int end = start + %d; start != end;)", sums);
        }
        if (sums > 1) {
            for (int r = 0; r < ROWS; r++) {
                java.line("IntVector all%d = lowBits, upper%d = highBits;", r, r);
            }
            java.open("for (int stop = start + %d; start != stop; start += loopStep)", scaled);
        }
        part();
        if (sums > 1) {
            java.close();
        }
        scale();
        if (six) {
            java.line("c += PANEL;");
            java.close();
        }
        java.line("k += RoundedRows.GROUP * RoundedRows.BLOCK - BlockFormat.SIZE;");
        if (!six) {
            offsets();
            java.line("c += PANEL;");
        }
        java.close();
        for (int r = 0; r < ROWS; r++) {
            java.line("FLOAT_VECTOR.cast(low%d).intoArray(y, yAt%s);", r, plus(r, "yStride"));
            java.line("FLOAT_VECTOR.cast(high%d).intoArray(y, yAt%s + 16);", r, plus(r, "yStride"));
        }
        java.close();
    }

    static String times(int factor, String number) {
        return factor == 1 ? number : factor + " * " + number;
    }

    private void part() {
        for (int r = 0; r < ROWS; r++) {
            java.line("ShortVector s%d = IntVector.broadcast(INTS, starts[%s]).reinterpretAsShorts();",
                    r, sums > 1 ? "start" + plus(r, "parts") : "place" + plus(r, "blocks"));
        }
        java.open("for (int to = at + %d * UnpackedBlocks.ROW; at != to; at += step)", format.exact() / 2);
        for (int i = 0; i < STEP; i += 2) {
            java.line("ShortVector w%d = IntVector.fromArray(INTS, pairs, at%s).reinterpretAsShorts();",
                    i, plus(i / 2, "UnpackedBlocks.ROW"));
            java.line("ShortVector w%d = w%d.lanewise(LSHR, 8);", i + 1, i);
        }
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; i < STEP; i++) {
                java.line("ShortVector x%d%d = IntVector.broadcast(INTS, quants[k%s%s]).reinterpretAsShorts();",
                        r, i, plus(r, "RoundedRows.BLOCK"), i == 0 ? "" : " + " + i);
                java.line("s%d = s%d.add(w%d.mul(x%d%d));", r, r, i, r, i);
            }
        }
        java.line("k += %d;", STEP);
        java.close();
        for (int r = 0; r < ROWS; r++) {
            java.line("IntVector i%d = s%d.reinterpretAsInts();", r, r);
            if (sums > 1) {
                java.line("all%d = INT_VECTOR.cast(all%d).add(i%d);", r, r, r);
                java.line("upper%d = INT_VECTOR.cast(upper%d).add(i%d.lanewise(ASHR, 16));", r, r, r);
            } else {
                java.line("IntVector all%d = i%d.add(lowBits);", r, r);
                java.line("IntVector upper%d = i%d.lanewise(ASHR, 16).add(highBits);", r, r);
            }
        }
    }

    private void scale() {
        java.line("FloatVector lowScale = FloatVector.fromArray(FLOATS, scales, c);");
        java.line("FloatVector highScale = FloatVector.fromArray(FLOATS, scales, c + 16);");
        for (int r = 0; r < ROWS; r++) {
            java.line("float x%d = xScales[place%s];", r, plus(r, "blocks"));
            java.line("low%d = all%d.sub(upper%d.lanewise(LSHL, 16)).reinterpretAsFloats().sub(whole)"
                    + ".fma(lowScale.mul(x%d), FLOAT_VECTOR.cast(low%d));", r, r, r, r, r);
            java.line(
                    "high%d = upper%d.reinterpretAsFloats().sub(whole).fma(highScale.mul(x%d), FLOAT_VECTOR.cast(high%d));",
                    r, r, r, r);
        }
    }

    private void offsets() {
        if (bits == 5) {
            java.open("if (offsets)");
        }
        java.line("FloatVector lowOffset = FloatVector.fromArray(FLOATS, offset, c);");
        java.line("FloatVector highOffset = FloatVector.fromArray(FLOATS, offset, c + 16);");
        for (int r = 0; r < ROWS; r++) {
            java.line("FloatVector total%d = FloatVector.broadcast(FLOATS, totals[place%s]);", r, plus(r, "blocks"));
            java.line("low%d = lowOffset.fma(total%d, low%d);", r, r, r);
            java.line("high%d = highOffset.fma(total%d, high%d);", r, r, r);
        }
        if (bits == 5) {
            java.close();
        }
    }
}
