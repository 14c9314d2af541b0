package io.github.t6j.kernels.simd.generated;

import static io.github.t6j.kernels.simd.generated.TileGenerator.plus;

/**
 * The part of {@link TileGenerator} for K-quants: sums of 16 bits of a block of inputs, for two vectors of ints. Each sum
 * covers a part of the block. Tiles of four rows read unpacked integers; those of one row unpack them in registers.
 */
final class KQuantTiles {
    private static final int ROWS = 4;

    private final Java java = new Java();
    private final int bits;
    private final int sums; // in a block

    private KQuantTiles(int bits) {
        this.bits = bits;
        sums = 1 << bits - 4;
    }

    static String all() {
        Java file = new Java();
        file.begin("KQuantTile",
                "Tiles of one and four rows × two vectors of ints for a block of K-quants, for {@code KQuantGemm}.");
        for (int bits = 4; bits <= 6; bits++) {
            file.add(new KQuantTiles(bits).one());
            file.add(new KQuantTiles(bits).four());
        }
        return file.end();
    }

    private Java four() {
        java.open(
                "public static void four%d(RoundedRows x, int row, int block, UnpackedBlocks w, int b, int s, int one)",
                bits);
        java.line("int[] numbers = x.numbers;");
        java.line("int[] starts = x.starts[%d];", bits - 4);
        java.line("int[] pairs = w.pairs;");
        java.line("int[] sums = w.sums;");
        java.line("int blocks = x.blocks;");
        java.line("int start = %d * (row * blocks + block);", sums);
        java.line("int k = x.at(row, block);");
        java.line("int at = b * (BlockFormat.SIZE / 2 * UnpackedBlocks.ROW) + s;");
        java.line("int step = 2 * UnpackedBlocks.ROW * one;");
        java.line("int to = b * (%d * UnpackedBlocks.ROW) + s;", sums);
        if (sums > 1) {
            java.open("for (int last = start + %d; start != last; start += one)", sums);
        }
        part(0);
        for (int r = 0; r < ROWS; r++) {
            for (int v = 0; v < 2; v++) {
                java.line("s0%d%d.reinterpretAsInts().intoArray(sums, to%s%s);",
                        r, v, plus(r, "KQuantFormat.sums() * UnpackedBlocks.ROW"), v == 0 ? "" : " + LENGTH");
            }
        }
        if (sums > 1) {
            java.line("to += UnpackedBlocks.ROW;");
            java.close();
        }
        java.close();
        return java;
    }

    private Java one() {
        java.open(
                "public static void one%d(RoundedRows x, int row, int block, MemorySegment w, long wAt, int[] sums, int b,"
                        + " int s, int one)",
                bits);
        java.line("int[] numbers = x.numbers;");
        java.line("int[] starts = x.starts[%d];", bits - 4);
        java.line("int start = %d * (row * x.blocks + block);", sums);
        java.line("int k = x.at(row, block);");
        java.line("long step = (long) BlockFormat.ROW * one;");
        java.line("int to = b * (%d * UnpackedBlocks.ROW) + s;", sums);
        java.line("wAt += 4 * s;");
        if (sums > 1) {
            java.open("for (int last = start + %d; start != last; start += one)", sums);
        }
        java.line("ShortVector s0 = IntVector.broadcast(INTS, starts[start]).reinterpretAsShorts();");
        java.line("ShortVector s1 = s0;");
        if (bits == 4) {
            java.open("for (long end = wAt + BlockFormat.SIZE / 4 * step; wAt != end; wAt += step)");
            fourInputs(0, 0);
            java.line("k += 4;");
            java.close();
        } else {
            for (int v = 0; v < 2; v++) {
                java.line("IntVector h%d = %s;", v, load(0, v));
            }
            int inputs = 32 / sums;
            for (int i = 0; i < inputs; i += 4) {
                fourInputs(i, 1 + i / 4);
            }
            java.line("k += %d;", inputs);
            java.line("wAt += %d * step;", 1 + inputs / 4);
        }
        for (int v = 0; v < 2; v++) {
            java.line("s%d.reinterpretAsInts().intoArray(sums, to%s);", v, v == 0 ? "" : " + LENGTH");
        }
        if (sums > 1) {
            java.line("to += UnpackedBlocks.ROW;");
            java.close();
        }
        java.close();
        return java;
    }

    /** Adds the products of the four inputs in a row of nibbles, whose index is that of the row. */
    private void fourInputs(int input, int row) {
        String names = bits == 4 ? "" : "" + row;
        for (int i = 0; i < 4; i++) {
            int place = input + i;
            java.line("ShortVector x%s%d = IntVector.broadcast(INTS, numbers[k%s]).reinterpretAsShorts();",
                    names, i, place == 0 ? "" : " + " + place);
        }
        for (int v = 0; v < 2; v++) {
            String n = "n" + names + v;
            java.line("IntVector %s = %s;", n, load(row, v));
            for (int pair = 0; pair < 2; pair++) {
                String w = "w" + names + v + pair;
                String nibbles = pair == 0 ? n + ".and(NIBBLES)" : n + ".lanewise(LSHR, 4).and(NIBBLES)";
                java.line("ShortVector %s = %s%s.reinterpretAsShorts();", w, nibbles, high(input / 2 + pair, v));
                java.line("s%d = s%d.add(%s.mul(x%s%d)).add(%s.lanewise(LSHR, 8).mul(x%s%d));",
                        v, v, w, names, 2 * pair, w, names, 2 * pair + 1);
            }
        }
    }

    /** The high bits of a pair of inputs, moved to the fifth bit of each byte. */
    private String high(int pair, int v) {
        if (bits == 4) {
            return "";
        }
        int right = pair * (bits - 4) - 4;
        String moved =
                right == 0 ? "" : right > 0 ? ".lanewise(LSHR, " + right + ")" : ".lanewise(LSHL, " + -right + ")";
        return ".or(h%d%s.and(%s))".formatted(v, moved, bits == 5 ? "FIFTH_BITS" : "TOP_BITS");
    }

    private static String load(int row, int v) {
        return "IntVector.fromMemorySegment(INTS, w, wAt%s%s, LITTLE_ENDIAN)"
                .formatted(plus(row, "BlockFormat.ROW"), v == 0 ? "" : " + 4 * LENGTH");
    }

    /** Sums the products of one part; the sums are named by part, row and vector. */
    private void part(int part) {
        for (int r = 0; r < ROWS; r++) {
            java.line("ShortVector s%d%d0 = IntVector.broadcast(INTS, starts[start%s%s]).reinterpretAsShorts();",
                    part, r, part == 0 ? "" : " + 1", plus(r, sums + " * blocks"));
            java.line("ShortVector s%d%d1 = s%d%d0;", part, r, part, r);
        }
        java.open("for (int end = at + BlockFormat.SIZE / %d * UnpackedBlocks.ROW; at != end; at += step)", 2 * sums);
        for (int i = 0; i < 4; i += 2) {
            for (int v = 0; v < 2; v++) {
                java.line("ShortVector w%d%d = IntVector.fromArray(INTS, pairs, at%s%s).reinterpretAsShorts();",
                        i, v, i == 0 ? "" : " + UnpackedBlocks.ROW", v == 0 ? "" : " + LENGTH");
                java.line("ShortVector w%d%d = w%d%d.lanewise(LSHR, 8);", i + 1, v, i, v);
            }
        }
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; i < 4; i++) {
                java.line("ShortVector x%d%d = IntVector.broadcast(INTS, numbers[k%s%s]).reinterpretAsShorts();",
                        r, i, plus(r, "RoundedRows.BLOCK"), i == 0 ? "" : " + " + i);
                for (int v = 0; v < 2; v++) {
                    java.line("s%d%d%d = s%d%d%d.add(w%d%d.mul(x%d%d));", part, r, v, part, r, v, i, v, r, i);
                }
            }
        }
        java.line("k += 4;");
        java.close();
    }
}
