package io.github.t6j.kernels.simd.generator;

import static io.github.t6j.kernels.simd.generator.TileGenerator.plus;

/** The part of {@link TileGenerator} for quantised weights: four rows that share the unpacking of a panel's weights. */
final class BlockTiles {
    private static final int ROWS = 4;
    private static final String HEAD = "public static void four(RoundedRows x, int row, MemorySegment w, long wAt,"
            + " float exponent, float[] y, int c0, int c1, int yStride, int loopStep)";

    private final Java java = Java.core();

    private BlockTiles() {}

    /** Q8_0: the products of two inputs, added, fit into 16 bits; whole ints and high halves are summed apart. */
    static String q8() {
        BlockTiles tile = new BlockTiles();
        Java java = tile.java;
        java.begin("Q8Tile", "Tile of four rows × two vectors of ints for q8_0 weights, for {@code BlockGemm}.");
        java.open(HEAD);
        tile.begin(false);
        java.line("IntVector all00 = IntVector.broadcast(INTS, WHOLE_BITS - BlockFormat.SIZE / 2 * 0x8000),"
                + " all10 = all00, all20 = all00, all30 = all00;");
        java.line("IntVector all01 = all00, all11 = all00, all21 = all00, all31 = all00;");
        java.line(
                "IntVector high00 = IntVector.broadcast(INTS, WHOLE_BITS), high10 = high00, high20 = high00, high30 = high00;");
        java.line("IntVector high01 = high00, high11 = high00, high21 = high00, high31 = high00;");
        java.open("for (long end = wAt + BlockFormat.SIZE / 2 * step; wAt != end; wAt += step)");
        for (int v = 0; v < 2; v++) {
            java.line("ShortVector w%d = %s.reinterpretAsShorts();", v, load(v));
        }
        for (int v = 0; v < 2; v++) {
            java.line("ShortVector b%d = w%d.lanewise(ASHR, 8);", v, v);
        }
        for (int r = 0; r < ROWS; r++) {
            String block = plus(r, "RoundedRows.BLOCK");
            tile.broadcast("x" + r + "a", "quants[k" + block + "]");
            tile.broadcast("x" + r + "b", "quants[k" + block + " + 1]");
            tile.broadcast("offset" + r, "quants[k" + block + " + BlockFormat.SIZE]");
            for (int v = 0; v < 2; v++) {
                java.line("IntVector p%d%d = w%d.mul(x%da).add(b%d.mul(x%db)).add(offset%d).reinterpretAsInts();",
                        r, v, v, r, v, r, r);
                java.line("all%d%d = all%d%d.add(p%d%d);", r, v, r, v, r, v);
                java.line("high%d%d = high%d%d.add(p%d%d.lanewise(ASHR, 16));", r, v, r, v, r, v);
            }
        }
        java.line("k += 2;");
        java.close();
        tile.scales();
        for (int r = 0; r < ROWS; r++) {
            java.line("float x%d = scales[place%s];", r, plus(r, "blocks"));
            for (int v = 0; v < 2; v++) {
                tile.add(r, 2 * v, "all%d%d.sub(high%d%d.lanewise(LSHL, 16))".formatted(r, v, r, v));
                tile.add(r, 2 * v + 1, "high%d%d".formatted(r, v));
            }
        }
        return tile.end();
    }

    /** Q4_0: the sum of a block fits into 16 bits. */
    static String q4() {
        BlockTiles tile = new BlockTiles();
        Java java = tile.java;
        java.begin("Q4Tile", "Tile of four rows × two vectors of ints for q4_0 weights, for {@code BlockGemm}.");
        java.line(
                "/** Mask of the low nibbles: each half of an int holds the weights of two inputs, w0 + 256 · w1. */");
        java.line("private static final int NIBBLES = 0x0F0F0F0F;");
        java.open(HEAD);
        tile.begin(true);
        for (int r = 0; r < ROWS; r++) {
            tile.broadcast("sum" + r + "0", "eights[place" + plus(r, "blocks") + "]");
            java.line("ShortVector sum%d1 = sum%d0;", r, r);
        }
        java.open("for (long end = wAt + BlockFormat.SIZE / 4 * step; wAt != end; wAt += step)");
        for (int v = 0; v < 2; v++) {
            java.line("IntVector w%d = %s;", v, load(v));
        }
        for (int v = 0; v < 2; v++) {
            java.line("ShortVector n0%d = w%d.and(NIBBLES).reinterpretAsShorts();", v, v);
            java.line("ShortVector n1%d = n0%d.lanewise(LSHR, 8);", v, v);
            java.line("ShortVector n2%d = w%d.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts();", v, v);
            java.line("ShortVector n3%d = n2%d.lanewise(LSHR, 8);", v, v);
        }
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; i < 4; i++) {
                String x = "x" + r + "abcd".charAt(i);
                tile.broadcast(x, "quants[k" + plus(r, "RoundedRows.BLOCK") + (i == 0 ? "" : " + " + i) + "]");
                for (int v = 0; v < 2; v++) {
                    java.line("sum%d%d = sum%d%d.add(n%d%d.mul(%s));", r, v, r, v, i, v, x);
                }
            }
        }
        java.line("k += 4;");
        java.close();
        tile.scales();
        for (int r = 0; r < ROWS; r++) {
            java.line("float x%d = scales[place%s];", r, plus(r, "blocks"));
            for (int v = 0; v < 2; v++) {
                String i = "i" + r + v;
                java.line("IntVector %s = sum%d%d.reinterpretAsInts();", i, r, v);
                tile.add(r, 2 * v, i + ".lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS)");
                tile.add(r, 2 * v + 1, i + ".lanewise(ASHR, 16).add(WHOLE_BITS)");
            }
        }
        return tile.end();
    }

    private void begin(boolean eights) {
        java.line("int[] quants = x.quants;");
        if (eights) {
            java.line("int[] eights = x.eights;");
        }
        java.line("float[] scales = x.scales;");
        java.line("int place = row * x.blocks;");
        java.line("int blocks = x.blocks;");
        java.line("long step = (long) BlockFormat.ROW * loopStep;");
        java.line("FloatVector zero = FloatVector.zero(FLOATS);");
        for (int r = 0; r < ROWS; r++) {
            java.line("FloatVector y%d0 = zero, y%d1 = zero, y%d2 = zero, y%d3 = zero;", r, r, r, r);
        }
        java.line("int k = x.at(row, 0);");
        java.open("for (int last = place + blocks; place != last; place += loopStep)");
        for (int v = 0; v < 2; v++) {
            java.line("IntVector pair%d = %s;", v, load(v));
        }
        java.line("wAt += step;");
    }

    private void broadcast(String name, String element) {
        java.line("ShortVector %s = IntVector.broadcast(INTS, %s).reinterpretAsShorts();", name, element);
    }

    /** The scales of four vectors of outputs, two f16 in an int. */
    private void scales() {
        java.line("k += RoundedRows.GROUP * RoundedRows.BLOCK - BlockFormat.SIZE;");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector scale%d = pair%d%s.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()"
                    + ".mul(exponent);", v, v / 2, v % 2 == 0 ? ".lanewise(LSHL, 16)" : "");
        }
    }

    /** Adds a block's sum, the bits of WHOLE and a whole number, times both scales. */
    private void add(int r, int v, String bits) {
        java.line("y%d%d = %s.reinterpretAsFloats().sub(WHOLE).fma(scale%d.mul(x%d), y%d%d);", r, v, bits, v, r, r, v);
    }

    private String end() {
        java.close();
        for (int r = 0; r < ROWS; r++) {
            for (int v = 0; v < 4; v++) {
                java.line("y%d%d.intoArray(y, c%d%s%s);", r, v, v / 2, plus(r, "yStride"), v % 2 == 0 ? "" : " + 16");
            }
        }
        java.close();
        return java.end();
    }

    private static String load(int v) {
        return "IntVector.fromMemorySegment(INTS, w, wAt" + (v == 0 ? "" : " + 4 * LENGTH") + ", LITTLE_ENDIAN)";
    }
}
