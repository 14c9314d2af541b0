package io.github.t6j.jmh.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.reflect.TypeToken;
import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JMH's results, and the description of the machine next to them. */
public final class Results {
    private static final Gson GSON = new GsonBuilder().setStrictness(Strictness.LENIENT).setPrettyPrinting()
            .disableHtmlEscaping().create();

    private Results() {}

    /**
     * Reads a results.json of JMH.
     *
     * @throws IllegalArgumentException if the file has another format
     */
    public static List<Result> read(Path file) throws IOException {
        try {
            List<Result> results = GSON.fromJson(Files.readString(file), new TypeToken<List<Result>>() {});
            if (results == null || results.isEmpty() || results.stream().anyMatch(Results::isIncomplete)) {
                throw new IllegalArgumentException(file + ": expected JMH's results, found none");
            }
            return results;
        } catch (JsonParseException failure) {
            throw new IllegalArgumentException(file + ": expected JMH's results (-rf json), found other text", failure);
        }
    }

    private static boolean isIncomplete(Result result) {
        return result == null || result.benchmark() == null || result.primaryMetric() == null
                || result.primaryMetric().rawData() == null;
    }

    /** Reads the machine of {@code results} from machine.json next to it; unknown if that is missing. */
    static Machine machine(Path results) throws IOException {
        Path file = machineFile(results);
        return Files.exists(file) ? GSON.fromJson(Files.readString(file), Machine.class) : Machine.unknown();
    }

    /** Returns the reasons of the points that the suite skipped, as it wrote them next to its results. */
    static Map<String, String> skipped(Path results) throws IOException {
        Path file = skippedFile(results);
        return Files.exists(file)
                ? GSON.fromJson(Files.readString(file), new TypeToken<LinkedHashMap<String, String>>() {}.getType())
                : Map.of();
    }

    static Path skippedFile(Path results) {
        return results.toAbsolutePath().resolveSibling("skipped.json");
    }

    static void write(Machine machine, Path results) throws IOException {
        Files.writeString(machineFile(results), GSON.toJson(machine) + "\n");
    }

    private static Path machineFile(Path results) {
        return results.toAbsolutePath().resolveSibling("machine.json");
    }
}
