package io.github.t6j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of executors in JVMs of their own, which Spark starts with the flags of the job. */
class ClusterTest {
    private static final int DOCUMENTS = 60;
    private static final int PARTITIONS = 12;

    @TempDir
    Path folder;

    /** Kills an executor once both have ended a generating task. */
    private static final class Killer extends SparkListener {
        private final AtomicInteger ended = new AtomicInteger(); // generating tasks that succeeded
        private final Set<String> executors = new HashSet<>(); // executors that ended one; for the listener's thread
        private final AtomicInteger removed = new AtomicInteger(); // removed executors
        private volatile long killed; // process id of the killed executor

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            boolean generates = end.taskMetrics() != null && end.taskMetrics().outputMetrics().recordsWritten() > 0;
            if (generates) {
                ended.incrementAndGet();
                executors.add(end.taskInfo().executorId());
            }
            if (killed == 0 && executors.size() == 2) {
                ProcessHandle executor = ProcessHandle.current().children().filter(ClusterTest::isJava).findFirst()
                        .orElseThrow();
                killed = executor.pid();
                executor.destroyForcibly(); // SIGKILL
            }
        }

        @Override
        public void onExecutorRemoved(SparkListenerExecutorRemoved executor) {
            removed.incrementAndGet();
        }
    }

    private static boolean isJava(ProcessHandle process) {
        return process.info().command().orElse("").endsWith("java");
    }

    private Path zipped() throws IOException {
        Path zip = folder.resolve("model.zip");
        try (OutputStream out = Files.newOutputStream(zip);
                ZipOutputStream entries = new ZipOutputStream(out);
                Stream<Path> files = Files.list(Jobs.TINY)) {
            for (Path file : files.toList()) {
                entries.putNextEntry(new ZipEntry(file.getFileName().toString()));
                Files.copy(file, entries);
            }
        }
        return zip;
    }

    /** Returns the standard error of each executor. */
    private static List<String> printed(String application) throws IOException {
        Path work = Path.of(System.getenv("SPARK_HOME"), "work", application);
        try (Stream<Path> files = Files.walk(work)) {
            return files.filter(file -> file.endsWith("stderr")).map(file -> {
                try {
                    return Files.readString(file);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }).toList();
        }
    }

    /** Two executors, one of which is killed while both work: the job ends with the results of a single process. */
    @Test
    void twoExecutorsOneKilled() throws Exception {
        List<String> lines = Jobs.prompts(DOCUMENTS);
        Path in = Files.write(folder.resolve("in.jsonl"), lines);
        Path out = folder.resolve("out.jsonl");
        Killer killer = new Killer();
        String application;
        int removed;
        Jobs.Result ran;
        try (SparkSession spark = Jobs.spark("local-cluster[2,1,2048]")
                .config("spark.archives", zipped() + "#model")
                .config("spark.scheduler.minRegisteredResourcesRatio", 1) // both executors work from the beginning
                .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "120s")
                .config("spark.shuffle.io.retryWait", "1s") // for three requests of lost rows
                .getOrCreate()) {
            application = spark.sparkContext().applicationId();
            spark.sparkContext().addSparkListener(killer);
            ran = Jobs.run("generate", "--model", "model", "--in", in.toString(), "--out", out.toString(),
                    "--partitions", "" + PARTITIONS, "--parallel", "4", "-n", "40");
            removed = killer.removed.get(); // read before the end removes all executors
        }
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).isEmpty();
        assertThat(killer.killed).as("process that was killed").isPositive();
        assertThat(removed).as("executors that Spark missed").isPositive();
        assertThat(killer.ended).as("tasks that ended").hasValueGreaterThan(6);

        Map<Object, Map<String, Object>> results = Jobs.results(out);
        assertThat(results).hasSize(DOCUMENTS);
        assertThat(results.values()).extracting(row -> row.get("seed")).doesNotHaveDuplicates();
        assertThat(results).isEqualTo(Jobs.single(folder, lines, results, "-n", "40"));

        List<String> printed = printed(application);
        assertThat(printed).hasSizeGreaterThanOrEqualTo(2).noneMatch(err -> err.contains("without SIMD"));
        // The executor that replaces the killed one may have started too late for any work.
        assertThat(printed).extracting(err -> err.split("t6j: loaded ", -1).length - 1).isSubsetOf(0, 1)
                .filteredOn(loads -> loads == 1).hasSizeGreaterThanOrEqualTo(2);
    }
}
