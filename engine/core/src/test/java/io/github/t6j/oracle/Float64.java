package io.github.t6j.oracle;

/** Plain loops in double that the references share; a row of every array is a position. */
final class Float64 {
    private Float64() {}

    /** x · Wᵀ + bias, W [outputs][inputs]; the bias may be null. */
    static double[][] times(double[][] x, double[] w, double[] bias) {
        int inputs = x[0].length;
        double[][] y = new double[x.length][w.length / inputs];
        for (int t = 0; t < x.length; t++) {
            for (int o = 0; o < y[t].length; o++) {
                double sum = bias == null ? 0 : bias[o];
                for (int i = 0; i < inputs; i++) {
                    sum += w[o * inputs + i] * x[t][i];
                }
                y[t][o] = sum;
            }
        }
        return y;
    }

    static void add(double[][] x, double[][] y) {
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                x[t][i] += y[t][i];
            }
        }
    }

    /** Columns from, from + 1, … of every row. */
    static double[][] columns(double[][] x, int from, int count) {
        double[][] y = new double[x.length][count];
        for (int t = 0; t < x.length; t++) {
            System.arraycopy(x[t], from, y[t], 0, count);
        }
        return y;
    }

    /**
     * Each part of {@code size} elements over its root mean square, times the gain, which may be null, and a factor.
     */
    static double[][] rms(double[][] x, int size, double[] gain, double epsilon, double factor) {
        double[][] y = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            for (int part = 0; part < x[t].length; part += size) {
                double squares = 0;
                for (int i = 0; i < size; i++) {
                    squares += x[t][part + i] * x[t][part + i];
                }
                for (int i = 0; i < size; i++) {
                    y[t][part + i] = x[t][part + i] / Math.sqrt(squares / size + epsilon)
                            * (gain == null ? 1 : gain[i]) * factor;
                }
            }
        }
        return y;
    }

    /** silu(gate) · up. */
    static double[][] gated(double[][] gate, double[][] up) {
        double[][] y = new double[gate.length][gate[0].length];
        for (int t = 0; t < y.length; t++) {
            for (int i = 0; i < y[t].length; i++) {
                y[t][i] = gate[t][i] / (1 + Math.exp(-gate[t][i])) * up[t][i];
            }
        }
        return y;
    }

    /**
     * Turns elements from … of each part of {@code size}, pairs (i, i + n/2): y1 = x1 · cos − x2 · sin,
     * y2 = x1 · sin + x2 · cos.
     *
     * @param cos, sin [T][n/2]
     */
    static double[][] rotate(double[][] x, int size, int from, double[][] cos, double[][] sin) {
        double[][] y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            y[t] = x[t].clone();
            int half = cos[t].length;
            for (int first = from; first < x[t].length; first += size) {
                for (int i = 0; i < half; i++) {
                    double a = x[t][first + i];
                    double b = x[t][first + half + i];
                    y[t][first + i] = a * cos[t][i] - b * sin[t][i];
                    y[t][first + half + i] = a * sin[t][i] + b * cos[t][i];
                }
            }
        }
        return y;
    }

    /**
     * Causal softmax attention: q [T][heads · D], k [T][keyHeads · D], v [T][keyHeads · E], y [T][heads · E]; query
     * head h meets key head h / (heads / keyHeads).
     *
     * @param window positions that one sees, its own included
     */
    static double[][] attend(
            double[][] q, double[][] k, double[][] v, int heads, int keyHeads, double scale, int window) {
        int headDim = q[0].length / heads;
        int valueDim = v[0].length / keyHeads;
        double[][] y = new double[q.length][heads * valueDim];
        for (int t = 0; t < q.length; t++) {
            for (int h = 0; h < heads; h++) {
                int from = Math.max(0, t - window + 1);
                int group = h / (heads / keyHeads);
                double[] p = new double[t + 1];
                double max = Double.NEGATIVE_INFINITY;
                for (int s = from; s <= t; s++) {
                    p[s] = scale * dot(q[t], h * headDim, k[s], group * headDim, headDim);
                    max = Math.max(max, p[s]);
                }
                double sum = 0;
                for (int s = from; s <= t; s++) {
                    p[s] = Math.exp(p[s] - max);
                    sum += p[s];
                }
                for (int s = from; s <= t; s++) {
                    for (int i = 0; i < valueDim; i++) {
                        y[t][h * valueDim + i] += p[s] / sum * v[s][group * valueDim + i];
                    }
                }
            }
        }
        return y;
    }

    /** Causal linear attention: scores are neither scaled nor normalised. Arguments as in {@link #attend}. */
    static double[][] attendLinearly(double[][] q, double[][] k, double[][] v, int heads, int keyHeads) {
        int headDim = q[0].length / heads;
        double[][] y = new double[q.length][heads * headDim];
        for (int t = 0; t < q.length; t++) {
            for (int h = 0; h < heads; h++) {
                int group = h / (heads / keyHeads);
                for (int s = 0; s <= t; s++) {
                    double score = dot(q[t], h * headDim, k[s], group * headDim, headDim);
                    for (int i = 0; i < headDim; i++) {
                        y[t][h * headDim + i] += score * v[s][group * headDim + i];
                    }
                }
            }
        }
        return y;
    }

    static double dot(double[] x, double[] y) {
        return dot(x, 0, y, 0, x.length);
    }

    static double dot(double[] x, int xFrom, double[] y, int yFrom, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += x[xFrom + i] * y[yFrom + i];
        }
        return sum;
    }

    /** Angles [T][n/2]: each step is rounded to float, as in the original programs. */
    static float[][] angles(int length, float[] frequencies) {
        float[][] angles = new float[length][frequencies.length];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < frequencies.length; i++) {
                angles[t][i] = t * frequencies[i];
            }
        }
        return angles;
    }

    /** 1 / base^(2i/n), i below n/2, each step rounded to float. */
    static float[] frequencies(int n, double base) {
        float[] frequencies = new float[n / 2];
        for (int i = 0; i < n / 2; i++) {
            frequencies[i] = 1f / (float) Math.pow(base, (float) (2 * i) / n);
        }
        return frequencies;
    }
}
