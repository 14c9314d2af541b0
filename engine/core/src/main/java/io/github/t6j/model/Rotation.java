package io.github.t6j.model;

/**
 * Geodesic residual: the update turns x towards its own direction by an angle of at most π/4, and x keeps its length, so
 * the length of the update hardly matters. Computed in float64, since updates may be as large as 1e18.
 *
 * @param scale learned factor of the angle
 * @param bias learned offset of the angle
 * @param depth number of the block, from 1, which divides the angle
 */
record Rotation(float scale, float bias, int depth) implements RowOperation {
    private static final double MIN_SQUARES = 1e-12;
    private static final double MIN_UPDATE = 1e-8;
    private static final double MIN_LENGTH = 1e-6;
    private static final double MAX_ANGLE = Math.PI / 4;
    private static final int SUMS = 4;

    @Override
    public void row(Activations a, int row, int worker) {
        int at = row * a.width;
        int from = row * a.updateStride;
        double squares = product(a.x, at, a.x, at, a.width);
        // how much of x the update contains
        double along = product(a.x, at, a.update, from, a.width) / Math.max(squares, MIN_SQUARES);
        double across = across(a.x, at, a.update, from, a.width, along);
        double update = Math.max(Math.sqrt(across), MIN_UPDATE);
        double length = Math.max(Math.sqrt(squares), MIN_LENGTH);
        double angle = Math.min((scale * Math.min(update / length, MAX_ANGLE) + bias) / depth, MAX_ANGLE);
        double cos = StrictMath.cos(angle);
        double sin = length * StrictMath.sin(angle) / update;
        for (int i = 0; i < a.width; i++) {
            double w = a.update[from + i] - along * a.x[at + i];
            a.x[at + i] = (float) (a.x[at + i] * cos + w * sin);
        }
    }

    /** Returns Σ x[i] · y[i], as {@value #SUMS} independent sums in a fixed order. */
    private static double product(float[] x, int xAt, float[] y, int yAt, int n) {
        double[] sums = new double[SUMS];
        for (int i = 0; i < n; i++) {
            sums[i % SUMS] += (double) x[xAt + i] * y[yAt + i];
        }
        return sums[0] + sums[1] + (sums[2] + sums[3]);
    }

    /** Returns Σ (y[i] − along · x[i])²; squares and product of the vectors would cancel. */
    private static double across(float[] x, int xAt, float[] y, int yAt, int n, double along) {
        double[] sums = new double[SUMS];
        for (int i = 0; i < n; i++) {
            double w = y[yAt + i] - along * x[xAt + i];
            sums[i % SUMS] += w * w;
        }
        return sums[0] + sums[1] + (sums[2] + sums[3]);
    }
}
