package io.github.t6j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** Starts Spark, runs jobs in it, and runs {@code t6j} in a process of its own for comparison. */
final class Jobs {
    static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));
    static final Path TINY = TESTDATA.resolve("models/t6-tiny");

    /** Standard error and exit code of a command. */
    record Result(int code, String err) {}

    private Jobs() {}

    static SparkSession.Builder spark(String master) {
        return SparkSession.builder().master(master)
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 2)
                .config(DocumentArguments.REDUCE_LOCALITY, false)
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .config("spark.executorEnv.JAVA_HOME", System.getProperty("java.home"))
                .config("spark.executorEnv.SPARK_SCALA_VERSION", System.getenv("SPARK_SCALA_VERSION"))
                .config("spark.executorEnv.SPARK_TESTING", "1"); // executors need no installed Spark
    }

    static Result run(String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = new Main(new PrintStream(err, true, StandardCharsets.UTF_8)).run(args);
        return new Result(code, err.toString(StandardCharsets.UTF_8));
    }

    /** Returns the standard output of {@code t6j}, the command line. */
    static String t6j(Path folder, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "-cp", System.getProperty("java.class.path"), "io.github.t6j.cli.Main"));
        command.addAll(List.of(args));
        Path err = folder.resolve("t6j.err");
        Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(err)).isZero();
        return out;
    }

    /** Returns documents, as lines, each of which begins with one of a few beginnings. */
    static List<String> prompts(int count) {
        List<String> words = List.of("The whale", "Call me", "It was a cold", "In the", "When he", "She", "");
        return IntStream.range(0, count).mapToObj(i -> Json.writeLine(
                new LinkedHashMap<>(Map.of("id", "doc-" + i, "prompt", words.get(i % words.size()))))).toList();
    }

    static List<Map<String, Object>> objects(Stream<String> lines) {
        return lines.map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "line")).toList();
    }

    /** Returns the results in a folder of JSON lines, by id. */
    static Map<Object, Map<String, Object>> results(Path folder) throws IOException {
        Map<Object, Map<String, Object>> results = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json")).toList()) {
                objects(Files.lines(file))
                        .forEach(row -> assertThat(results.put(row.get("id"), row)).as("a second result").isNull());
            }
        }
        return results;
    }

    /** Returns the results of {@code t6j generate --prompts} for the same lines, by id, with each document's seed. */
    static Map<Object, Map<String, Object>> single(Path folder, List<String> lines,
            Map<Object, Map<String, Object>> results, String... options) throws Exception {
        List<String> seeded = new ArrayList<>();
        for (Map<String, Object> line : objects(lines.stream())) {
            Map<String, Object> with = new LinkedHashMap<>(line);
            with.put("seed", results.get(line.get("id")).get("seed"));
            seeded.add(Json.writeLine(with));
        }
        Path in = Files.write(folder.resolve("single.jsonl"), seeded);
        Path out = folder.resolve("single-results.jsonl");
        List<String> command = new ArrayList<>(List.of("generate", "--model", TINY.toString(), "--prompts",
                in.toString(), "--out", out.toString()));
        command.addAll(List.of(options));
        t6j(folder, command.toArray(String[]::new));
        Map<Object, Map<String, Object>> single = new LinkedHashMap<>();
        for (Map<String, Object> row : objects(Files.lines(out))) {
            row = new LinkedHashMap<>(row);
            row.remove("index");
            single.put(row.get("id"), row);
        }
        return single;
    }
}
