package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes of processors' caches as Linux lists them, and the amount of data that exceeds them. */
class L3CacheTest {
    private static final long MEBIBYTE = 1 << 20;

    @TempDir
    private Path cpus;

    private void cache(int core, int level, String size, String sharers) throws IOException {
        Path folder = Files.createDirectories(cpus.resolve("cpu" + core + "/cache/index" + level));
        Files.writeString(folder.resolve("level"), level + "\n");
        Files.writeString(folder.resolve("size"), size + "\n");
        Files.writeString(folder.resolve("shared_cpu_list"), sharers + "\n");
    }

    /** Four cores, of which two and two share 32 MiB. */
    @Test
    void partsAreAddedAndSharedOnesCountedOnce() throws IOException {
        for (int core = 0; core < 4; core++) {
            cache(core, 1, "48K", Integer.toString(core));
            cache(core, 2, "1024K", Integer.toString(core));
            cache(core, 3, "32768K", core < 2 ? "0-1" : "2-3");
        }
        Files.createDirectories(cpus.resolve("cpufreq"));
        Files.createDirectories(cpus.resolve("cpu4")); // switched off

        assertThat(L3Cache.bytes(cpus)).isEqualTo(64 * MEBIBYTE);
    }

    @Test
    void aFourthLevelCounts() throws IOException {
        cache(0, 3, "8M", "0");
        cache(0, 4, "1G", "0");

        assertThat(L3Cache.bytes(cpus)).isEqualTo(1032 * MEBIBYTE);
    }

    @Test
    void missingValuesAreEmpty() throws IOException {
        cache(0, 2, "1024K", "0");
        cache(0, 3, "", "0");

        assertThat(L3Cache.bytes(cpus)).isZero();
        assertThat(L3Cache.bytes(cpus.resolve("nothing"))).isZero();
        assertThat(L3Cache.bytes()).isNotNegative();
    }

    /** 400 MiB, or twice L3: with 384 MiB of L3, 768 MiB. One copy more if the last is not complete. */
    @ParameterizedTest
    @CsvSource({"0, 100, 4", "32, 100, 4", "200, 100, 4", "201, 100, 5", "384, 100, 8", "384, 128, 6", "384, 127, 7",
        "1152, 100, 24", "384, 1000, 1"})
    void dataAreTwiceAsMuchAsTheCaches(long thirdLevel, long each, int copies) {
        assertThat(BenchmarkSupport.copies("memory", each * MEBIBYTE, thirdLevel * MEBIBYTE)).isEqualTo(copies);
        assertThat(BenchmarkSupport.copies("cached", each * MEBIBYTE, thirdLevel * MEBIBYTE)).isEqualTo(1);
    }

    @Test
    void enoughCopiesOfThisMachineAreNotCached() {
        assertThat(BenchmarkSupport.copies("memory", 100 * MEBIBYTE)).isGreaterThanOrEqualTo(4);
        assertThat(BenchmarkSupport.copies("memory", 1L << 50)).isEqualTo(1);
    }
}
