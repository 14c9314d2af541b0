package io.github.t6j.kernels.simd.generated;

import static io.github.t6j.kernels.simd.generated.TileGenerator.plus;

/**
 * The part of {@link TileGenerator} for quantised weights: one or four rows × one or two panels. The names of sums and
 * outputs end with the row and the vector: a panel has two vectors of ints, and four vectors of outputs.
 */
final class BlockTiles {
    private final Java java = new Java();
    private int rows;
    private int panels;

    private BlockTiles() {}

    /** Q8_0: the products of two inputs, added, fit into 16 bits; whole ints and high halves are summed apart. */
    static String q8() {
        BlockTiles tiles = new BlockTiles();
        tiles.java.begin("Q8Tiles", "Tiles of q8_0 weights for {@code BlockGemm}: one row × one or two panels, and four"
                + " rows × one panel. The low half of an int is kept 2^15 too large, so that it is positive. Whole ints"
                + " can then be added, and subtracting the sum of the high halves leaves the sum of the low ones.");
        tiles.java.line("/** Start value of the sums of whole ints: the bits of WHOLE, minus the excess of the low"
                + " halves. */");
        tiles.java.line("private static final int ALL = WHOLE_BITS - BlockFormat.SIZE / 2 * 0x8000;");
        tiles.methods(tiles::q8Block);
        return tiles.java.end();
    }

    /** Q4_0: the sum of a block fits into 16 bits. */
    static String q4() {
        BlockTiles tiles = new BlockTiles();
        tiles.java.begin("Q4Tiles", "Tiles of q4_0 weights for {@code BlockGemm}: one row × one or two panels, and four"
                + " rows × one panel. The sum of a block fits in 16 bits.");
        tiles.methods(tiles::q4Block);
        return tiles.java.end();
    }

    private void methods(Runnable block) {
        method(1, 1, block);
        method(1, 2, block);
        method(4, 1, block);
    }

    private void method(int newRows, int newPanels, Runnable block) {
        rows = newRows;
        panels = newPanels;
        java.open(
                "public static %s %s(RoundedRows x, int row, MemorySegment w, long wAt,%s float[] y, int c0, int c1,%s"
                        + " int one)",
                panels == 1 ? "void" : "int", rows == 4 ? "four" : panels == 1 ? "one" : "two",
                panels == 1 ? "" : " long panel, long ahead,", rows == 1 ? "" : " int yStride,");
        java.line("int[] numbers = x.numbers;");
        java.line("float[] scales = x.scales;");
        java.line("int place = row * x.blocks;");
        java.line("int blocks = x.blocks;");
        java.line("long step = (long) BlockFormat.ROW * one;");
        if (panels == 2) {
            java.line("int touched = 0;");
        }
        java.line("FloatVector zero = FloatVector.zero(FLOATS);");
        java.line("FloatVector two = FloatVector.broadcast(FLOATS, 2f);");
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < 4 * panels; v++) {
                java.line("FloatVector y%d%d = zero;", r, v);
            }
        }
        java.line("int next = %s * RoundedRows.BLOCK - BlockFormat.SIZE;", rows == 1 ? "x.group" : "RoundedRows.GROUP");
        java.line("int k = x.at(row, 0);");
        java.open("for (int last = place + blocks; place != last; place += one)");
        load("pair");
        java.line("wAt += step;");
        block.run();
        java.close();
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < 4 * panels; v++) {
                java.line("y%d%d.intoArray(y, c%d%s%s%s);", r, v, v / 2 % 2, plus(r, "yStride"), plus(v / 4, "PANEL"),
                        v % 2 == 0 ? "" : " + 16");
            }
        }
        if (panels == 2) {
            java.line("return touched;");
        }
        java.close();
    }

    private void q8Block() {
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < 2 * panels; v++) {
                java.line("IntVector all%d%d = IntVector.broadcast(INTS, ALL);", r, v);
                java.line("IntVector high%d%d = IntVector.broadcast(INTS, WHOLE_BITS);", r, v);
            }
        }
        java.open("for (long end = wAt + BlockFormat.SIZE / 2 * step; wAt != end; wAt += step)");
        touch();
        if (rows == 1) {
            q8Row(0);
        }
        load("i");
        for (int v = 0; v < 2 * panels; v++) {
            java.line("ShortVector w%d = i%d.reinterpretAsShorts();", v, v);
        }
        for (int v = 0; v < 2 * panels; v++) {
            java.line("ShortVector b%d = w%d.lanewise(ASHR, 8);", v, v);
        }
        for (int r = 0; r < rows; r++) {
            if (rows > 1) {
                q8Row(r);
            }
            for (int v = 0; v < 2 * panels; v++) {
                java.line("IntVector p%d%d = w%d.mul(x%da).add(b%d.mul(x%db)).add(offset%d).reinterpretAsInts();",
                        r, v, v, r, v, r, r);
                java.line("all%d%d = all%d%d.add(p%d%d);", r, v, r, v, r, v);
                java.line("high%d%d = high%d%d.add(p%d%d.lanewise(ASHR, 16));", r, v, r, v, r, v);
            }
        }
        java.line("k += 2;");
        java.close();
        scales();
        for (int r = 0; r < rows; r++) {
            java.line("float x%d = scales[place%s];", r, plus(r, "blocks"));
            for (int v = 0; v < 2 * panels; v++) {
                add(r, 2 * v, "all%d%d.sub(high%d%d.lanewise(LSHL, 16))".formatted(r, v, r, v));
                add(r, 2 * v + 1, "high%d%d".formatted(r, v));
            }
        }
    }

    /**
     * Broadcasts two elements of a row. If it is the only one, this comes before the loads of weights: the other way round
     * a Zen 5 reads a third less from memory.
     */
    private void q8Row(int r) {
        String block = plus(r, "RoundedRows.BLOCK");
        broadcast("x" + r + "a", "numbers[k" + block + "]");
        broadcast("x" + r + "b", "numbers[k" + block + " + 1]");
        broadcast("offset" + r, "numbers[k" + block + " + BlockFormat.SIZE]");
    }

    private void q4Block() {
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < 2 * panels; v++) {
                broadcast("sum" + r + v, "x.eights[place" + plus(r, "blocks") + "]");
            }
        }
        java.open("for (long end = wAt + BlockFormat.SIZE / 4 * step; wAt != end; wAt += step)");
        touch();
        if (rows == 1) {
            q4Row(0);
        }
        load("w");
        for (int i = 0; i < 4 && rows > 1; i++) {
            nibbles(i);
        }
        for (int r = 0; r < rows; r++) {
            if (rows > 1) {
                q4Row(r);
            }
            for (int i = 0; i < 4; i++) {
                if (rows == 1) {
                    nibbles(i); // not all at once, which would need too many registers for two panels
                }
                for (int v = 0; v < 2 * panels; v++) {
                    java.line("sum%d%d = sum%d%d.add(n%d%d.mul(x%d%c));", r, v, r, v, i, v, r, "abcd".charAt(i));
                }
            }
        }
        java.line("k += 4;");
        java.close();
        scales();
        for (int r = 0; r < rows; r++) {
            java.line("float x%d = scales[place%s];", r, plus(r, "blocks"));
            for (int v = 0; v < 2 * panels; v++) {
                java.line("IntVector i%d%d = sum%d%d.reinterpretAsInts();", r, v, r, v);
                add(r, 2 * v, "i%d%d.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS)".formatted(r, v));
                add(r, 2 * v + 1, "i%d%d.lanewise(ASHR, 16).add(WHOLE_BITS)".formatted(r, v));
            }
        }
    }

    /** Unpacks the weights of one of four inputs. */
    private void nibbles(int i) {
        for (int v = 0; v < 2 * panels; v++) {
            String from = i % 2 == 1
                    ? "n%d%d.lanewise(LSHR, 8)".formatted(i - 1, v)
                    : "w%d%s.and(NIBBLES).reinterpretAsShorts()".formatted(v, i == 0 ? "" : ".lanewise(LSHR, 4)");
            java.line("ShortVector n%d%d = %s;", i, v, from);
        }
    }

    private void q4Row(int r) {
        for (int i = 0; i < 4; i++) {
            broadcast("x" + r + "abcd".charAt(i),
                    "numbers[k" + plus(r, "RoundedRows.BLOCK") + (i == 0 ? "" : " + " + i) + "]");
        }
    }

    private void broadcast(String name, String element) {
        java.line("ShortVector %s = IntVector.broadcast(INTS, %s).reinterpretAsShorts();", name, element);
    }

    /** Loads the vectors of a row of the block. */
    private void load(String name) {
        for (int v = 0; v < 2 * panels; v++) {
            java.line("IntVector %s%d = IntVector.fromMemorySegment(INTS, w, wAt%s%s, LITTLE_ENDIAN);", name, v,
                    plus(v / 2, "panel"), v % 2 == 0 ? "" : " + 4 * LENGTH");
        }
    }

    /** Reads a byte of each cache line that {@link #load} will read some rows later. */
    private void touch() {
        for (int v = 0; v < 2 * panels && panels == 2; v++) {
            java.line("touched += w.get(JAVA_BYTE, wAt + ahead%s%s);", plus(v / 2, "panel"),
                    v % 2 == 0 ? "" : " + 4 * LENGTH");
        }
    }

    /**
     * Converts the scales of a block, two f16 in an int. Placed as bits of a float they have an exponent 112 too small
     * (see {@code BlockGemm.F16_BIAS}). If an f16 is subnormal, its leading bit is missing, and twice that float minus
     * 2^−14 is the value, and is less than the float; if it is normal, the float is the value, and is at most as much.
     */
    private void scales() {
        java.line("k += next;");
        for (int v = 0; v < 4 * panels; v++) {
            java.line("IntVector bits%d = pair%d%s.lanewise(ASHR, 3).and(F16_BITS);", v, v / 2,
                    v % 2 == 0 ? ".lanewise(LSHL, 16)" : "");
            java.line("IntVector normal%d = bits%d.add(F16_BIAS);", v, v);
            java.line("FloatVector least%d = bits%d.and(SIGN).lanewise(XOR, F16_LEAST).reinterpretAsFloats();", v, v);
            java.line("FloatVector scale%d = normal%d.lanewise(UMIN, normal%d.reinterpretAsFloats().fma(two, least%d)"
                    + ".reinterpretAsInts()).reinterpretAsFloats();", v, v, v, v);
        }
    }

    /** Adds a block's sum, the bits of WHOLE and a whole number, times both scales. */
    private void add(int r, int v, String bits) {
        java.line("y%d%d = %s.reinterpretAsFloats().sub(WHOLE).fma(scale%d.mul(x%d), y%d%d);", r, v, bits, v, r, r, v);
    }
}
