package io.github.t6j.kernels.simd.generator;

import static io.github.t6j.kernels.simd.generator.TileGenerator.COLUMNS;

/**
 * The part of {@link TileGenerator} for loops with powers of two. The chain of multiply-adds, from {@code
 * ScalarKernels.exp2}, is written out in each loop: C2 may not inline a helper that returns a vector. Four chains hide
 * each other's latency.
 */
final class PowerTiles {
    private final Java java;

    private PowerTiles(Java java) {
        this.java = java;
    }

    static String core() {
        PowerTiles tiles = new PowerTiles(Java.core());
        tiles.java.begin("PowerTiles", "Loops with powers of two: softmax, log-sum-exp and activations.");
        tiles.page();
        tiles.logSum();
        tiles.gated("swiGlu");
        tiles.gated("geGlu");
        tiles.softCap();
        return tiles.java.end();
    }

    static String training() {
        PowerTiles tiles = new PowerTiles(Java.training());
        tiles.java.begin("PowerTiles", "Loops with powers of two, for training.");
        tiles.columns();
        tiles.gradients();
        tiles.swiGluGradient();
        tiles.probabilities();
        return tiles.java.end();
    }

    /** Computes e0, e1 … = 2^x0, 2^x1 …; 0 below the least exponent. */
    private void powers(int chains) {
        polynomials(chains);
        for (int i = 0; i < chains; i++) {
            java.line("e%d = e%d.fma(r%d, FloatVector.broadcast(FLOATS, 1f));", i, i, i);
        }
        for (int i = 0; i < chains; i++) {
            java.line("e%d = e%d.mul(z%d.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());", i, i, i);
        }
        for (int i = 0; i < chains; i++) {
            java.line("e%d = e%d.blend(0f, x%d.compare(LT, EXP2_MIN));", i, i, i);
        }
    }

    /** Computes the polynomials up to the coefficient of r, without the constant. */
    private void polynomials(int chains) {
        for (int i = 0; i < chains; i++) {
            java.line("FloatVector z%d = x%d.add(EXP2_ROUNDING);", i, i);
        }
        for (int i = 0; i < chains; i++) {
            java.line("FloatVector r%d = x%d.sub(z%d.sub(EXP2_ROUNDING));", i, i, i);
        }
        for (int i = 0; i < chains; i++) {
            java.line(
                    "FloatVector e%d = FloatVector.broadcast(FLOATS, P6).fma(r%d, FloatVector.broadcast(FLOATS, P5));",
                    i, i);
        }
        for (int degree = 4; degree >= 1; degree--) {
            for (int i = 0; i < chains; i++) {
                java.line("e%d = e%d.fma(r%d, FloatVector.broadcast(FLOATS, P%d));", i, i, i, degree);
            }
        }
    }

    private void page() {
        java.open(
                "public static int page(float[] s, int heads, int valueRank, float[] max, float[] sum, float[] p,"
                        + " int loopStep)");
        java.line("IntVector largest = IntVector.broadcast(INTS, Integer.MIN_VALUE);");
        java.open("for (int lane = 0; lane < LANES; lane += LENGTH)");
        java.line("int to = lane;");
        java.open("for (int h = 0; h < heads; h += loopStep)");
        java.line("FloatVector top = FloatVector.broadcast(FLOATS, max[h]);");
        java.line("int from = h * PANEL + lane;");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector x%d = FloatVector.fromArray(FLOATS, s, from%s).sub(top);", v, COLUMNS[v]);
        }
        java.line("largest = largest.max(x0.reinterpretAsInts()).max(x1.reinterpretAsInts());");
        java.line("largest = largest.max(x2.reinterpretAsInts()).max(x3.reinterpretAsInts());");
        powers(4);
        java.line("int sumAt = h * LANES + lane;");
        java.line("FloatVector.fromArray(FLOATS, sum, sumAt).add(e0).add(e1).add(e2).add(e3).intoArray(sum, sumAt);");
        store("p", "to");
        java.line("to += Math.max(1, valueRank) * PANEL;");
        java.close();
        java.close();
        java.line("return largest.reduceLanes(MAX);");
        java.close();
    }

    private void store(String array, String at) {
        for (int v = 0; v < 4; v++) {
            java.line("e%d.intoArray(%s, %s%s);", v, array, at, COLUMNS[v]);
        }
    }

    private void logSum() {
        java.open("public static void logSum(float[] x, int from, int to, float max, float[] lanes)");
        java.line("FloatVector top = FloatVector.broadcast(FLOATS, max);");
        java.open("for (int lane = 0; lane < LANES; lane += LENGTH)");
        java.line("FloatVector sum = FloatVector.zero(FLOATS);");
        java.open("for (int i = from + lane; i < to; i += LANES)");
        java.line("FloatVector x0 = FloatVector.fromArray(FLOATS, x, i).sub(top).mul(LOG2_E);");
        powers(1);
        java.line("sum = sum.add(e0);");
        java.close();
        java.line("sum.intoArray(lanes, lane);");
        java.close();
        java.close();
    }

    private void limit() {
        java.line("x0 = x0.blend(EXP2_MAX, x0.compare(GT, EXP2_MAX));");
    }

    /** SwiGLU or GeGLU of whole vectors; returns where they end. */
    private void gated(String name) {
        java.open("public static int %s(float[] x, int gateAt, int upAt, int n, float[] y, int yAt)", name);
        java.line("int whole = n - n %% LENGTH;");
        java.open("for (int i = 0; i < whole; i += LENGTH)");
        java.line("FloatVector gate = FloatVector.fromArray(FLOATS, x, gateAt + i);");
        if (name.equals("swiGlu")) {
            java.line("FloatVector x0 = gate.mul(-LOG2_E);");
        } else {
            java.line("FloatVector x0 = gate.mul(gate.mul(gate).fma(FloatVector.broadcast(FLOATS, GELU_CUBIC),"
                    + " FloatVector.broadcast(FLOATS, GELU_LINEAR)));");
        }
        limit();
        powers(1);
        java.line("FloatVector up = FloatVector.fromArray(FLOATS, x, upAt + i);");
        java.line("gate.div(e0.add(1f)).mul(up).intoArray(y, yAt + i);");
        java.close();
        java.line("return whole;");
        java.close();
    }

    private void softCap() {
        java.open("public static int softCap(float[] x, int at, int n, float cap)");
        java.line("float scale = 2f * LOG2_E / cap;");
        java.line("int whole = n - n %% LENGTH;");
        java.open("for (int i = at; i < at + whole; i += LENGTH)");
        java.line("FloatVector x0 = FloatVector.fromArray(FLOATS, x, i).mul(scale);");
        java.line("x0 = x0.blend(TANH_MAX, x0.compare(GT, TANH_MAX));");
        java.line("x0 = x0.blend(-TANH_MAX, x0.compare(LT, -TANH_MAX));");
        polynomials(1);
        java.line("FloatVector power = z0.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();");
        java.line("FloatVector m = e0.mul(r0).fma(power, power.sub(1f));");
        java.line("m.div(m.add(2f)).mul(cap).intoArray(x, i);");
        java.close();
        java.line("return whole;");
        java.close();
    }

    private void columns() {
        java.open("public static void columns(float[] s, int rows, float[] max, float[] sum)");
        java.open("for (int lane = 0; lane < LANES; lane += LENGTH)");
        for (String name : new String[] {"max", "sum"}) {
            for (int v = 0; v < 4; v++) {
                java.line("FloatVector %s%d = FloatVector.fromArray(FLOATS, %s, lane%s);", name, v, name, COLUMNS[v]);
            }
        }
        java.line("int at = lane;");
        java.open("for (int r = 0; r < rows; r++)");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector x%d = FloatVector.fromArray(FLOATS, s, at%s).sub(FLOAT_VECTOR.cast(max%d));", v,
                    COLUMNS[v], v);
        }
        powers(4);
        for (int v = 0; v < 4; v++) {
            java.line("sum%d = FLOAT_VECTOR.cast(sum%d).add(e%d);", v, v, v);
        }
        store("s", "at");
        java.line("at += PANEL;");
        java.close();
        for (int v = 0; v < 4; v++) {
            java.line("FLOAT_VECTOR.cast(sum%d).intoArray(sum, lane%s);", v, COLUMNS[v]);
        }
        java.close();
        java.close();
    }

    private void gradients() {
        java.open(
                "public static void gradients(float[] s, float[] d, int rows, float[] lse, float[] mean, int meanAt)");
        java.open("for (int lane = 0; lane < LANES; lane += LENGTH)");
        java.line("int at = lane;");
        java.open("for (int r = 0; r < rows; r++)");
        java.line("FloatVector shift = FloatVector.broadcast(FLOATS, lse[r]);");
        java.line("FloatVector weighted = FloatVector.broadcast(FLOATS, mean[meanAt + r]);");
        for (int v = 0; v < 4; v++) {
            java.line("FloatVector x%d = FloatVector.fromArray(FLOATS, s, at%s).sub(shift);", v, COLUMNS[v]);
        }
        powers(4);
        store("s", "at");
        for (int v = 0; v < 4; v++) {
            java.line("e%d.mul(FloatVector.fromArray(FLOATS, d, at%s).sub(weighted)).intoArray(d, at%s);", v,
                    COLUMNS[v],
                    COLUMNS[v]);
        }
        java.line("at += PANEL;");
        java.close();
        java.close();
        java.close();
    }

    private void swiGluGradient() {
        java.open("public static int swiGluGradient(float[] x, int gateAt, int upAt, int n, float[] da, int daAt)");
        java.line("int whole = n - n %% LENGTH;");
        java.open("for (int i = 0; i < whole; i += LENGTH)");
        java.line("FloatVector g = FloatVector.fromArray(FLOATS, x, gateAt + i);");
        java.line("FloatVector x0 = g.mul(-LOG2_E);");
        limit();
        powers(1);
        java.line("FloatVector sigmoid = FloatVector.broadcast(FLOATS, 1f).div(e0.add(1f));");
        java.line("FloatVector silu = g.mul(sigmoid);");
        java.line("FloatVector u = FloatVector.fromArray(FLOATS, x, upAt + i);");
        java.line("FloatVector gradient = FloatVector.fromArray(FLOATS, da, daAt + i);");
        java.line("FloatVector slope = g.mul(FloatVector.broadcast(FLOATS, 1f).sub(sigmoid)).add(1f);");
        java.line("gradient.mul(u).mul(sigmoid).mul(slope).intoArray(x, gateAt + i);");
        java.line("gradient.mul(silu).intoArray(x, upAt + i);");
        java.line("silu.mul(u).intoArray(da, daAt + i);");
        java.close();
        java.line("return whole;");
        java.close();
    }

    private void probabilities() {
        java.open("public static int softmax(float[] x, int at, int n, float lse, float factor)");
        java.line("int whole = n - n %% LENGTH;");
        java.open("for (int i = at; i < at + whole; i += LENGTH)");
        java.line("FloatVector x0 = FloatVector.fromArray(FLOATS, x, i).sub(lse).mul(LOG2_E);");
        limit();
        powers(1);
        java.line("e0.mul(factor).intoArray(x, i);");
        java.close();
        java.line("return whole;");
        java.close();
    }
}
