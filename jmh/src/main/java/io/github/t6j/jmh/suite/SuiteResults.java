package io.github.t6j.jmh.suite;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.t6j.jmh.suite.Suite.Point;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;

/**
 * The file results.json of a suite: JMH's format, with an object {@code evidence} in each result. It has the point, the
 * kernels, the hashes of the output, and whether the point was measured again. skipped.json beside it has the points
 * that the machine cannot measure.
 */
final class SuiteResults {
    /** Ratio of the slowest fork to the fastest above which a point is marked and measured again. */
    static final double MAX_RATIO = 1.1;

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final Path file;
    private final List<Point> points;
    private final JsonObject[] results; // of each point; null if it is missing

    /**
     * Reads the results in a file, if it exists.
     *
     * @throws IllegalArgumentException if the file has no results of a suite
     */
    SuiteResults(Path file, List<Point> points) throws IOException {
        this.file = file;
        this.points = points;
        results = new JsonObject[points.size()];
        if (Files.exists(file)) {
            read();
        }
    }

    /** Gives each result to the first point with its label that has none: limits are points twice. */
    private void read() throws IOException {
        try {
            for (JsonElement result : JsonParser.parseString(Files.readString(file)).getAsJsonArray()) {
                place(result.getAsJsonObject());
            }
        } catch (JsonParseException | IllegalStateException other) {
            throw new IllegalArgumentException(file + ": expected results of this suite to go on with, found other"
                    + " content; delete the file, or give another folder", other);
        }
    }

    private void place(JsonObject result) {
        if (!result.has("evidence")) {
            throw new IllegalStateException("a result of plain JMH, or of an older version");
        }
        String jdk = result.get("jdkVersion").getAsString();
        if (!jdk.equals(System.getProperty("java.version"))) {
            throw new IllegalArgumentException(file + ": expected results of JDK " + System.getProperty("java.version")
                    + " to go on with, found those of JDK " + jdk + "; use that JDK, or give another folder");
        }
        String label = evidence(result).get("point").getAsString();
        for (int i = 0; i < results.length; i++) {
            if (results[i] == null && points.get(i).label().equals(label)) {
                results[i] = result;
                return;
            }
        }
    }

    private static JsonObject evidence(JsonObject result) {
        return result.getAsJsonObject("evidence");
    }

    /** Returns the number of points with a result. */
    synchronized int count() {
        return (int) Stream.of(results).filter(Objects::nonNull).count();
    }

    boolean has(int point) {
        return results[point] != null;
    }

    /** Returns true if the forks of a point differ by more than 10 %, and it was not measured again. */
    boolean isDue(int point) {
        return has(point) && !evidence(results[point]).has("again") && ratio(results[point]) > MAX_RATIO;
    }

    /** Returns the ratio of the slowest fork's mean to the fastest one's. */
    double ratio(int point) {
        return ratio(results[point]);
    }

    private static double ratio(JsonObject result) {
        double[] means = forks(result.getAsJsonObject("primaryMetric"))
                .map(fork -> numbers(fork.getAsJsonArray()).average().orElseThrow())
                .mapToDouble(Double::doubleValue).sorted().toArray();
        return means[means.length - 1] / means[0];
    }

    private static Stream<JsonElement> forks(JsonObject metric) {
        return StreamSupport.stream(metric.getAsJsonArray("rawData").spliterator(), false);
    }

    private static DoubleStream numbers(JsonArray values) {
        return StreamSupport.stream(values.spliterator(), false).mapToDouble(JsonElement::getAsDouble);
    }

    /** Keeps the result of a point, and writes the file. */
    synchronized void put(int point, RunResult measured) throws IOException {
        results[point] = result(points.get(point), measured);
        write();
    }

    /** Keeps the result with the closer forks of two, and writes the file. @return true if it is the new one */
    synchronized boolean putAgain(int point, RunResult measured) throws IOException {
        JsonObject again = result(points.get(point), measured);
        boolean closer = ratio(again) < ratio(results[point]);
        results[point] = closer ? again : results[point];
        evidence(results[point]).addProperty("again", true);
        write();
        return closer;
    }

    /** Writes the reasons of points that this machine cannot measure to skipped.json, if there are any. */
    void putSkipped(Map<String, String> reasons) throws IOException {
        Path skipped = file.resolveSibling("skipped.json");
        if (reasons.isEmpty()) {
            Files.deleteIfExists(skipped);
        } else {
            write(skipped, reasons);
        }
    }

    private void write() throws IOException {
        JsonArray all = new JsonArray();
        Stream.of(results).filter(Objects::nonNull).forEach(all::add);
        write(file, all);
    }

    /** Writes a file completely or not at all. */
    private static void write(Path file, Object content) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.writeString(partial, GSON.toJson(content) + "\n");
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Returns JMH's JSON of a result with its evidence, without the path of this machine's JDK. */
    private static JsonObject result(Point point, RunResult measured) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        ResultFormatFactory.getInstance(ResultFormatType.JSON, new PrintStream(text, true, StandardCharsets.UTF_8))
                .writeOut(List.of(measured));
        JsonObject result = JsonParser.parseString(text.toString(StandardCharsets.UTF_8)).getAsJsonArray().get(0)
                .getAsJsonObject();
        result.addProperty("jvm", "java");
        result.add("evidence", takeEvidence(point, result.getAsJsonObject("secondaryMetrics")));
        return result;
    }

    /** Moves the evidence out of the secondary metrics, and removes what nobody reads of the others. */
    private static JsonObject takeEvidence(Point point, JsonObject metrics) {
        JsonObject evidence = new JsonObject();
        evidence.addProperty("point", point.label());
        for (String name : List.copyOf(metrics.keySet())) {
            JsonObject metric = metrics.getAsJsonObject(name);
            metric.remove("scorePercentiles");
            if (name.startsWith(EvidenceProfiler.KERNELS)) {
                String kernels = name.substring(EvidenceProfiler.KERNELS.length());
                evidence.addProperty("kernels", kernels.replaceAll(",\\s+", ", ")); // JMH breaks lines at commas
            } else if (name.equals(EvidenceProfiler.HASH)) {
                evidence.add("outputs", hashes(metric));
            } else if (!name.startsWith("gc.") || name.equals("gc.alloc.rate.norm")) {
                continue;
            }
            metrics.remove(name);
        }
        return evidence;
    }

    /** Returns the different hashes of all forks: one, unless they computed different numbers. */
    private static JsonArray hashes(JsonObject metric) {
        Set<String> hashes = new LinkedHashSet<>();
        forks(metric).forEach(fork -> numbers(fork.getAsJsonArray())
                .forEach(hash -> hashes.add(String.format("%08x", (long) hash))));
        JsonArray all = new JsonArray();
        hashes.forEach(all::add);
        return all;
    }
}
