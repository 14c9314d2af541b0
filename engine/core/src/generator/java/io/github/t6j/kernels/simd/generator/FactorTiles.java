package io.github.t6j.kernels.simd.generator;

import static io.github.t6j.kernels.simd.generator.TileGenerator.COLUMNS;
import static io.github.t6j.kernels.simd.generator.TileGenerator.join;
import static io.github.t6j.kernels.simd.generator.TileGenerator.load;
import static io.github.t6j.kernels.simd.generator.TileGenerator.loadByFormat;
import static io.github.t6j.kernels.simd.generator.TileGenerator.plus;

/** The part of {@link TileGenerator} for factors of a page; lanes are tokens. */
final class FactorTiles {
    private FactorTiles() {}

    /** Implements {@code Kernels.factorScores}, and the products of probabilities and head factors. */
    static String factors() {
        Java java = Java.core();
        java.begin("FactorTiles", "Scores and probabilities of a page, times its head factors.");
        java.open("public static void scores(float[] g, int gAt, int heads, int keyRank, Format format,"
                + " MemorySegment page, long aKAt, float[] s, int loopStep)");
        java.line("long step = format.bytes(PANEL);");
        java.open("for (int lane = 0; lane < LANES; lane += LENGTH)");
        java.line("long at = aKAt + 4 * lane;");
        java.open("for (int h = 0; h < heads; h += loopStep)");
        java.line("FloatVector s0 = FloatVector.zero(FLOATS), s1 = s0, s2 = s0, s3 = s0;");
        java.line("int row = gAt + h * PANEL + lane;");
        java.open("for (int k = 0; k < keyRank; k += loopStep)");
        loadByFormat(java, "page", "at", 4, true);
        for (int v = 0; v < 4; v++) {
            java.line(
                    "s%d = w%d.fma(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, g, row%s)), FLOAT_VECTOR.cast(s%d));",
                    v, v, COLUMNS[v], v);
        }
        java.line("row += heads * PANEL;");
        java.line("at += step;");
        java.close();
        java.line("int out = h * PANEL + lane;");
        for (int v = 0; v < 4; v++) {
            java.line("FLOAT_VECTOR.cast(s%d).intoArray(s, out%s);", v, COLUMNS[v]);
        }
        java.close();
        java.close();
        java.close();
        probabilities(java);
        return java.end();
    }

    /** The probabilities of a head are in its first row, which comes last. */
    private static void probabilities(Java java) {
        java.open("public static void probabilities(int heads, int valueRank, Format format, MemorySegment page,"
                + " long aVAt, float[] p, int loopStep)");
        java.line("long step = format.bytes(PANEL);");
        java.open("for (int lane = 0; lane < LANES; lane += LENGTH)");
        java.line("long at = aVAt + 4 * lane + (heads * valueRank - 1) * step;");
        java.open("for (int h = heads - 1; h >= 0; h -= loopStep)");
        java.line("int first = h * valueRank * PANEL + lane;");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector e%d = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, p, first%s));", v, COLUMNS[v]);
        }
        java.open("for (int to = first + (valueRank - 1) * PANEL; to >= first; to -= PANEL)");
        loadByFormat(java, "page", "at", 4, true);
        for (int v = 0; v < 4; v++) {
            java.line("FLOAT_VECTOR.cast(e%d.mul(w%d)).intoArray(p, to%s);", v, v, COLUMNS[v]);
        }
        java.line("at -= step;");
        java.close();
        java.close();
        java.close();
        java.close();
    }

    /** Tiles of {@code Kernels.tensorScores}: one to three heads × four vectors, and six × two for R_K = 2. */
    static String tensors() {
        Java java = Java.core();
        java.begin("TensorTiles", "Scores of a row and a page from the factors of both, for {@code TensorScores}.");
        for (int heads = 1; heads <= 3; heads++) {
            tensorTile(java, heads);
        }
        sixHeads(java);
        return java.end();
    }

    /** The products of both key ranks stay in registers, so that a broadcast serves four of them. */
    private static void sixHeads(Java java) {
        java.open("public static void sixHeads(float[] aQ, int aQAt, int queryRank, float[] g, int gAt, int gStep,"
                + " MemorySegment page, long aKAt, float[] s, int sAt, int sStep)");
        java.line("FloatVector zero = FloatVector.zero(FLOATS);");
        for (int h = 0; h < 6; h++) {
            java.line("FloatVector g%d00 = zero, g%d01 = zero, g%d10 = zero, g%d11 = zero;", h, h, h, h);
        }
        java.open("for (int q = 0; q < queryRank; q++)");
        java.line("int from = gAt + q * PANEL;");
        for (int k = 0; k < 2; k++) {
            for (int v = 0; v < 2; v++) {
                java.line("FloatVector p%d%d = FloatVector.fromArray(FLOATS, g, from%s%s);", k, v,
                        plus(k, "gStep"), COLUMNS[v]);
            }
        }
        for (int h = 0; h < 6; h++) {
            java.line("FloatVector f%d = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt%s + q]));", h,
                    plus(h, "queryRank"));
            for (int k = 0; k < 2; k++) {
                for (int v = 0; v < 2; v++) {
                    java.line("g%d%d%d = f%d.fma(p%d%d, FLOAT_VECTOR.cast(g%d%d%d));", h, k, v, h, k, v, h, k, v);
                }
            }
        }
        java.close();
        for (int h = 0; h < 6; h++) {
            for (int v = 0; v < 2; v++) { // no casts of s: C1 gives up on a method with more calls
                String head = "aKAt" + plus(2 * h, "4 * PANEL");
                java.line("FloatVector s%d%d = %s.fma(FLOAT_VECTOR.cast(g%d0%d), zero);", h, v,
                        load("page", head, v), h, v);
                java.line("%s.fma(FLOAT_VECTOR.cast(g%d1%d), s%d%d).intoArray(s, sAt%s%s);",
                        load("page", head + " + 4 * PANEL", v), h, v, h, v, plus(h, "sStep"), COLUMNS[v]);
            }
        }
        java.close();
    }

    private static void tensorTile(Java java, int heads) {
        java.open(
                "public static void tile%d(float[] aQ, int aQAt, int queryRank, float[] g, int gAt, int gStep, int keyRank,"
                        + " MemorySegment page, long aKAt, float[] s, int sAt%s)",
                heads, heads == 1 ? "" : ", int sStep");
        if (heads > 1) {
            java.line("long head = 4L * keyRank * PANEL;");
        }
        java.line("FloatVector zero = FloatVector.zero(FLOATS);");
        zeros(java, heads, "s");
        java.open("for (int k = 0; k < keyRank; k++)");
        zeros(java, heads, "g");
        java.open("for (int q = 0; q < queryRank; q++)");
        java.line("int from = gAt + q * PANEL;");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector p%d = FloatVector.fromArray(FLOATS, g, from%s);", v, COLUMNS[v]);
        }
        for (int h = 0; h < heads; h++) {
            java.line("FloatVector f%d = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt%s + q]));", h,
                    plus(h, "queryRank"));
            for (int v = 0; v < 4; v++) {
                java.line("g%d%d = f%d.fma(p%d, FLOAT_VECTOR.cast(g%d%d));", h, v, h, v, h, v);
            }
        }
        java.close();
        for (int h = 0; h < heads; h++) {
            for (int v = 0; v < 4; v++) {
                java.line("s%d%d = %s.fma(FLOAT_VECTOR.cast(g%d%d), FLOAT_VECTOR.cast(s%d%d));", h, v,
                        load("page", "aKAt" + plus(h, "head"), v), h, v, h, v);
            }
        }
        java.line("gAt += gStep;");
        java.line("aKAt += 4 * PANEL;");
        java.close();
        for (int h = 0; h < heads; h++) {
            for (int v = 0; v < 4; v++) {
                java.line("FLOAT_VECTOR.cast(s%d%d).intoArray(s, sAt%s%s);", h, v, plus(h, "sStep"), COLUMNS[v]);
            }
        }
        java.close();
    }

    private static void zeros(Java java, int heads, String name) {
        for (int h = 0; h < heads; h++) {
            java.line("FloatVector %s;", join(4, name + h + "%d = zero"));
        }
    }
}
