package io.github.t6j.kernels.simd.generator;

import io.github.t6j.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes the register tiles: products whose rows and vectors are unrolled, since C2 keeps a sum in a register only if
 * it is a local variable. {@code TileGeneratorTest} compares the committed files with its output.
 *
 * <p>Each tile keeps rows × vectors sums, named s00, s01 … by row and vector, and adds to each a product of a broadcast
 * element of x and a vector of w for each step.
 */
final class TileGenerator {
    static final String CORE = "core/src/main/java/io/github/t6j/kernels/simd/generated";
    static final String TRAINING = "training/src/main/java/io/github/t6j/training/kernels/simd/generated";
    static final String[] COLUMNS = {"", " + D1", " + D2", " + D3"};

    private final Java java;

    private TileGenerator(Java java) {
        this.java = java;
    }

    /** Writes all files; the argument is the folder of the modules, {@code engine}. */
    public static void main(String[] arguments) throws IOException {
        for (Map.Entry<String, String> file : files().entrySet()) {
            Files.writeString(Path.of(arguments[0], file.getKey()), file.getValue());
        }
    }

    /** Contents of the generated files by their paths in the folder of the modules. */
    static Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        files.put(CORE + "/WideTiles.java", wide());
        files.put(CORE + "/SlimTiles.java", slim());
        files.put(CORE + "/NarrowTile.java", narrow());
        files.put(CORE + "/PageTiles.java", page());
        files.put(CORE + "/TallTiles.java", tall());
        files.put(CORE + "/FactorTiles.java", FactorTiles.factors());
        files.put(CORE + "/TensorTiles.java", FactorTiles.tensors());
        files.put(CORE + "/PowerTiles.java", PowerTiles.core());
        files.put(CORE + "/Q8Tile.java", BlockTiles.q8());
        files.put(CORE + "/Q4Tile.java", BlockTiles.q4());
        files.put(CORE + "/BlockRow.java", BlockRows.all());
        files.put(CORE + "/KQuantRow.java", KQuantRows.all());
        files.put(CORE + "/KQuantTile.java", KQuantTiles.all());
        files.put(TRAINING + "/TransposedTiles.java", transposed());
        files.put(TRAINING + "/PowerTiles.java", PowerTiles.training());
        return files;
    }

    private static String wide() {
        TileGenerator tiles = new TileGenerator(Java.core());
        tiles.java.begin("WideTiles", "Tiles of one to five rows × four vectors, for {@code Gemm}.");
        for (int rows = 1; rows <= 5; rows++) {
            tiles.segmentTile(rows, 4, 0, rows < 5, rows < 4);
        }
        return tiles.java.end();
    }

    private static String slim() {
        TileGenerator tiles = new TileGenerator(Java.core());
        tiles.java.begin("SlimTiles", "Tiles of five and six rows × two vectors, for {@code SlimGemm}.");
        tiles.segmentTile(5, 2, 0, false, false);
        tiles.segmentTile(6, 2, 0, false, false);
        tiles.segmentTile(5, 2, 1, false, false);
        tiles.segmentTile(6, 2, 1, false, false);
        return tiles.java.end();
    }

    private static String narrow() {
        TileGenerator tiles = new TileGenerator(Java.core());
        Java java = tiles.java;
        java.begin("NarrowTile", "Tile of eight rows × two vectors, for {@code NarrowGemm}.");
        java.open(
                "public static void tile8(float[] x, int xAt, int inner, MemorySegment w, long wAt, long wStep, float[] y,"
                        + " int yAt, boolean accumulate)");
        tiles.beginSums(8, 2);
        java.open("for (int k = 0; k < inner; k++)");
        for (int v = 0; v < 2; v++) {
            java.line("FloatVector w%d = FLOAT_VECTOR.cast(%s);", v, load("w", "wAt", v));
        }
        for (int r = 0; r < 8; r++) {
            tiles.multiplyAdd(r, 2, "xAt" + plus(r, "PANEL"));
        }
        java.line("xAt++;");
        java.line("wAt += wStep;");
        java.close();
        tiles.storeSums(8, 2);
        java.close();
        return java.end();
    }

    private static String page() {
        TileGenerator tiles = new TileGenerator(Java.core());
        tiles.java.begin(
                "PageTiles", "Tiles of two to five rows at a constant distance × four vectors, for {@code PageGemm}.");
        for (int distance = 1; distance <= 2; distance++) {
            for (int rows = 2; rows <= 5; rows++) {
                tiles.segmentTile(rows, 4, distance, rows < 5, false);
            }
        }
        return tiles.java.end();
    }

    private static String tall() {
        TileGenerator tiles = new TileGenerator(Java.core());
        tiles.java.begin("TallTiles", "Tiles of five and six rows × four vectors, with rows of x and w at constant"
                + " distances, for {@code TallGemm} and {@code TallBlocks}.");
        for (int rows = 5; rows <= 6; rows++) {
            tiles.tallTile(rows, false);
            tiles.tallTile(rows, true);
        }
        return tiles.java.end();
    }

    private static String transposed() {
        TileGenerator tiles = new TileGenerator(Java.training());
        tiles.java.begin("TransposedTiles", "Tiles whose rows of x are adjacent, for {@code TransposedGemm}.");
        for (int rows : new int[] {1, 2, 4, 5}) {
            tiles.arrayTile("tile", rows, 4);
        }
        for (int rows : new int[] {4, 5, 8}) {
            tiles.arrayTile("narrow", rows, 2);
        }
        return tiles.java.end();
    }

    /**
     * A tile over weights of any format.
     *
     * @param distance panels from one row of x to the next; 0 if it is a parameter
     * @param bytes true if it reads Q8, too
     * @param byBytes true if its loop counts bytes by a step that C2 does not know, so that C2 keeps the order of the
     *     loads
     */
    private void segmentTile(int rows, int vectors, int distance, boolean bytes, boolean byBytes) {
        java.open(
                "public static void tile%d%s(float[] x, int xAt,%s int inner, Format format, MemorySegment w, long wAt,"
                        + " long wStep, float[] y, int yAt, boolean accumulate)",
                rows,
                distance == 0 ? "" : "At" + distance * Kernels.PANEL,
                rows == 1 || distance > 0 ? "" : " int xStride,");
        beginSums(rows, vectors);
        for (int r = 2; distance == 0 && r < rows; r++) {
            java.line("int xStride%d = %d * xStride;", r, r);
        }
        java.open(byBytes
                ? "for (long end = wAt + inner * wStep; wAt != end; wAt += wStep)"
                : "for (int k = 0; k < inner; k++)");
        boolean computed = vectors == 2 && distance == 0; // C2 then keeps all sums in registers: 15 % faster on a Zen 3
        if (computed) {
            java.line("long at = wAt + wStep * k;");
        }
        loadByFormat(java, "w", computed ? "at" : "wAt", vectors, bytes);
        for (int r = 0; r < rows; r++) {
            multiplyAdd(r, vectors, "xAt" + (distance > 0
                    ? plus(r * distance, "PANEL")
                    : r == 0 ? "" : " + xStride" + (r == 1 ? "" : r)));
        }
        java.line("xAt++;");
        if (!byBytes && !computed) {
            java.line("wAt += wStep;");
        }
        java.close();
        storeSums(rows, vectors);
        java.close();
    }

    /** A tile over a panel of f32 weights, or over a block of 32 inputs. */
    private void tallTile(int rows, boolean block) {
        java.open("public static void %s%d(float[] x, int xAt,%s MemorySegment w, long wAt, float[] y, int yAt%s)",
                block ? "block" : "tile", rows, block ? "" : " int inner,", block ? "" : ", boolean accumulate");
        if (block) {
            zeroSums(rows, 4);
        } else {
            beginSums(rows, 4);
        }
        java.open("for (int k = 0; k < %s; k++)", block ? "BlockFormat.SIZE" : "inner");
        java.line("long at = wAt + 4L * PANEL * k;");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector w%d = %s;", v, load("w", "at", v));
        }
        for (int r = 0; r < rows; r++) {
            multiplyAdd(r, 4, "xAt" + plus(2 * r, "PANEL"));
        }
        java.line("xAt++;");
        java.close();
        storeSums(rows, 4);
        java.close();
    }

    /** Loads the vectors of a step, w0, w1 …, from a segment of any format; {@code bytes} if it may be Q8. */
    static void loadByFormat(Java java, String segment, String at, int vectors, boolean bytes) {
        java.line("FloatVector %s;", join(vectors, "w%d"));
        java.open("if (format == Format.F32)");
        for (int v = 0; v < vectors; v++) {
            java.line("w%d = %s;", v, load(segment, at, v));
        }
        java.reopen(bytes ? "else if (format == Format.BF16)" : "else");
        String ints =
                "INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, " + segment + ", " + at + "%s, LITTLE_ENDIAN))";
        for (int pair = 0; pair < vectors / 2; pair++) {
            java.line("IntVector i%d = " + ints + ";", pair, pair == 0 ? "" : " + 2 * D2");
        }
        for (int pair = 0; pair < vectors / 2; pair++) {
            java.line("w%d = INT_VECTOR.cast(i%d.lanewise(LSHL, 16)).reinterpretAsFloats();", 2 * pair, pair);
            java.line("w%d = INT_VECTOR.cast(i%d.and(HIGH_HALF)).reinterpretAsFloats();", 2 * pair + 1, pair);
        }
        if (bytes) {
            java.reopen("else");
            java.line("IntVector i = " + ints + ";", "");
            for (int v = 0; v < vectors; v++) {
                String shifted = v == 0 ? "i" : "INT_VECTOR.cast(i.lanewise(LSHR, " + 8 * v + "))";
                String low = v == vectors - 1 ? shifted : "INT_VECTOR.cast(" + shifted + ".and(LOW_BYTE))";
                java.line("w%d = FLOAT_VECTOR.cast(INT_VECTOR.cast(%s.or(BYTE_EXPONENT)).reinterpretAsFloats())"
                        + ".sub(BYTE_ZERO);", v, low);
            }
        }
        java.close();
        for (int v = 0; v < vectors; v++) {
            java.line("w%d = FLOAT_VECTOR.cast(w%d);", v, v);
        }
    }

    private void arrayTile(String name, int rows, int vectors) {
        java.open("public static void %s%d(float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt,"
                + " boolean accumulate)", name, rows);
        beginSums(rows, vectors);
        java.open("for (int k = 0; k < inner; k++)");
        for (int v = 0; v < vectors; v++) {
            java.line("FloatVector w%d = FloatVector.fromArray(FLOATS, w, wAt%s);", v, COLUMNS[v]);
        }
        for (int r = 0; r < rows; r++) {
            multiplyAdd(r, vectors, r == 0 ? "xAt" : "xAt + " + r);
        }
        java.line("xAt += PANEL;");
        java.line("wAt += PANEL;");
        java.close();
        storeSums(rows, vectors);
        java.close();
    }

    private void zeroSums(int rows, int vectors) {
        java.line("FloatVector zero = FloatVector.zero(FLOATS);");
        for (int r = 0; r < rows; r++) {
            java.line("FloatVector %s;", join(vectors, "s" + r + "%d = zero"));
        }
    }

    private void beginSums(int rows, int vectors) {
        zeroSums(rows, vectors);
        java.open("if (accumulate)");
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                java.line("s%d%d = FloatVector.fromArray(FLOATS, y, yAt%s%s);", r, v, plus(r, "PANEL"), COLUMNS[v]);
            }
        }
        java.close();
    }

    private void multiplyAdd(int r, int vectors, String at) {
        java.line("FloatVector f%d = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[%s]));", r, at);
        for (int v = 0; v < vectors; v++) {
            java.line("s%d%d = f%d.fma(w%d, FLOAT_VECTOR.cast(s%d%d));", r, v, r, v, r, v);
        }
    }

    private void storeSums(int rows, int vectors) {
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                java.line("FLOAT_VECTOR.cast(s%d%d).intoArray(y, yAt%s%s);", r, v, plus(r, "PANEL"), COLUMNS[v]);
            }
        }
    }

    static String load(String segment, String at, int v) {
        return "FloatVector.fromMemorySegment(FLOATS, " + segment + ", " + at + (v == 0 ? "" : " + 4 * D" + v)
                + ", LITTLE_ENDIAN)";
    }

    /** Text that adds {@code r} times a distance. */
    static String plus(int r, String distance) {
        return r == 0 ? "" : r == 1 ? " + " + distance : " + " + r + " * " + distance;
    }

    /** {@code format} for 0 … count − 1, between commas. */
    static String join(int count, String format) {
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < count; i++) {
            joined.append(i == 0 ? "" : ", ").append(format.replace("%d", Integer.toString(i)));
        }
        return joined.toString();
    }
}
