package io.github.t6j.kernels.simd.generator;

/**
 * The part of {@link TileGenerator} for one row and one panel of quantised weights, or two panels at once. With two,
 * the tiles prefetch the cache lines of later rows of both panels.
 */
final class BlockRows {
    private final Java java = Java.core();
    private final boolean bytes;
    private final boolean pair;
    private final int vectors; // of ints: two of each panel

    private BlockRows(boolean bytes, boolean pair) {
        this.bytes = bytes;
        this.pair = pair;
        vectors = pair ? 4 : 2;
    }

    static String all() {
        Java file = Java.core();
        file.begin("BlockRow", "Products of one row and one or two panels of q8_0 or q4_0, for {@code BlockGemm}.");
        for (boolean pair : new boolean[] {false, true}) {
            for (boolean bytes : new boolean[] {true, false}) {
                BlockRows rows = new BlockRows(bytes, pair);
                rows.method();
                file.add(rows.java);
            }
        }
        return file.end();
    }

    private void method() {
        java.open("public static %s(RoundedRows x, int row, MemorySegment w, long wAt,%s float exponent0,%s float[] y,"
                + " int c0, int c1, int loopStep)",
                (pair ? "int " : "void ") + (bytes ? "q8" : "q4") + (pair ? "Pair" : ""),
                pair ? " long panel, long ahead," : "", pair ? " float exponent1," : "");
        java.line("int[] quants = x.quants;");
        if (!bytes) {
            java.line("int[] eights = x.eights;");
        }
        java.line("float[] scales = x.scales;");
        java.line("int place = row * x.blocks;");
        java.line("int next = x.group * RoundedRows.BLOCK - BlockFormat.SIZE;");
        java.line("int k = x.at(row, 0);");
        if (pair) {
            java.line("int touched = 0;");
        }
        java.line("long step = (long) BlockFormat.ROW * loopStep;");
        java.line("FloatVector y0 = FloatVector.zero(FLOATS);");
        for (int v = 1; v < 2 * vectors; v++) {
            java.line("FloatVector y%d = y0;", v);
        }
        java.line("FloatVector whole = FloatVector.broadcast(FLOATS, WHOLE);");
        java.line(
                "IntVector wholeBits = IntVector.broadcast(INTS, WHOLE_BITS), f16Bits = IntVector.broadcast(INTS, F16_BITS);");
        java.line(bytes
                ? "IntVector start = IntVector.broadcast(INTS, WHOLE_BITS - BlockFormat.SIZE / 2 * 0x8000);"
                : "IntVector mask = IntVector.broadcast(INTS, 0x0F0F0F0F);");
        for (int panel = 0; panel < vectors / 2; panel++) {
            java.line("FloatVector factor%d = FloatVector.broadcast(FLOATS, exponent%d);", panel, panel);
        }
        java.open("for (int last = place + x.blocks; place != last; place += loopStep)");
        for (int v = 0; v < vectors; v++) {
            java.line("IntVector pair%d = %s;", v, load(v));
        }
        java.line("wAt += step;");
        if (bytes) {
            bytes();
        } else {
            nibbles();
        }
        java.line("k += next;");
        java.line("FloatVector scale = FloatVector.broadcast(FLOATS, scales[place]);");
        for (int v = 0; v < 2 * vectors; v++) {
            scale(v);
        }
        java.close();
        for (int v = 0; v < 2 * vectors; v++) {
            java.line("FLOAT_VECTOR.cast(y%d).intoArray(y, c%d%s%s);",
                    v, v / 2 % 2, v / 4 == 0 ? "" : " + PANEL", v % 2 == 0 ? "" : " + 16");
        }
        if (pair) {
            java.line("return touched;");
        }
        java.close();
    }

    /**
     * Q8_0: the sum of the products of two inputs fits in 16 bits. The low half of an int is kept 2^15 too large, so
     * that it is positive. Whole ints can then be added, and subtracting the sum of the high halves leaves the sum of
     * the low ones.
     */
    private void bytes() {
        for (int v = 0; v < vectors; v++) {
            java.line("IntVector all%d = start, high%d = wholeBits;", v, v);
        }
        java.open("for (long end = wAt + BlockFormat.SIZE / 2 * step; wAt != end; wAt += step)");
        java.line("ShortVector xa = IntVector.broadcast(INTS, quants[k]).reinterpretAsShorts();");
        java.line("ShortVector xb = IntVector.broadcast(INTS, quants[k + 1]).reinterpretAsShorts();");
        java.line(
                "ShortVector offset = IntVector.broadcast(INTS, quants[k + BlockFormat.SIZE]).reinterpretAsShorts();");
        touch();
        for (int v = 0; v < vectors; v++) {
            java.line("ShortVector w%d = %s.reinterpretAsShorts();", v, load(v));
            java.line("IntVector p%d = w%d.mul(xa).add(w%d.lanewise(ASHR, 8).mul(xb)).add(offset).reinterpretAsInts();",
                    v, v, v);
            java.line("all%d = INT_VECTOR.cast(all%d).add(p%d);", v, v, v);
            java.line("high%d = INT_VECTOR.cast(high%d).add(p%d.lanewise(ASHR, 16));", v, v, v);
        }
        java.line("k += 2;");
        java.close();
    }

    /** Q4_0: the sum of a block fits in 16 bits. Each half of an int holds the weights of two inputs, w0 + 256 · w1. */
    private void nibbles() {
        for (int v = 0; v < vectors; v++) {
            java.line("ShortVector s%d = IntVector.broadcast(INTS, eights[place]).reinterpretAsShorts();", v);
        }
        java.open("for (long end = wAt + BlockFormat.SIZE / 4 * step; wAt != end; wAt += step)");
        for (int i = 0; i < 4; i++) {
            java.line("ShortVector x%d = IntVector.broadcast(INTS, quants[k%s]).reinterpretAsShorts();",
                    i, i == 0 ? "" : " + " + i);
        }
        touch();
        for (int v = 0; v < vectors; v++) {
            java.line("IntVector w%d = %s;", v, load(v));
            java.line("ShortVector a%d = w%d.and(mask).reinterpretAsShorts();", v, v);
            java.line("s%d = s%d.add(a%d.mul(x0)).add(a%d.lanewise(LSHR, 8).mul(x1));", v, v, v, v);
            java.line("ShortVector b%d = w%d.lanewise(LSHR, 4).and(mask).reinterpretAsShorts();", v, v);
            java.line("s%d = s%d.add(b%d.mul(x2)).add(b%d.lanewise(LSHR, 8).mul(x3));", v, v, v, v);
        }
        java.line("k += 4;");
        java.close();
        for (int v = 0; v < vectors; v++) {
            java.line("IntVector both%d = s%d.reinterpretAsInts();", v, v);
            java.line("IntVector low%d = both%d.lanewise(LSHL, 16).lanewise(ASHR, 16).add(wholeBits);", v, v);
            java.line("IntVector high%d = both%d.lanewise(ASHR, 16).add(wholeBits);", v, v);
        }
    }

    /** Reads a byte of each cache line that later steps of a pair will load. */
    private void touch() {
        for (int v = 0; pair && v < vectors; v++) {
            java.line("touched += w.get(JAVA_BYTE, wAt + ahead%s);", place(v));
        }
    }

    private void scale(int v) {
        int i = v / 2;
        String half = v % 2 == 0 ? "pair" + i + ".lanewise(LSHL, 16)" : "pair" + i;
        String sum =
                v % 2 == 1 ? "high" + i : bytes ? "all%d.sub(high%d.lanewise(LSHL, 16))".formatted(i, i) : "low" + i;
        java.line(
                "y%d = %s.reinterpretAsFloats().sub(whole).fma(%s.lanewise(ASHR, 3).and(f16Bits).reinterpretAsFloats()"
                        + ".mul(factor%d).mul(scale), FLOAT_VECTOR.cast(y%d));",
                v, sum, half, v / 4, v);
    }

    private static String place(int v) {
        return (v / 2 == 0 ? "" : " + panel") + (v % 2 == 0 ? "" : " + 4 * LENGTH");
    }

    private static String load(int v) {
        return "IntVector.fromMemorySegment(INTS, w, wAt" + place(v) + ", LITTLE_ENDIAN)";
    }
}
