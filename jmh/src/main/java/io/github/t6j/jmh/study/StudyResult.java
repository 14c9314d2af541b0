package io.github.t6j.jmh.study;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * What a run gave. Losses are nats a token, over windows of the context that do not overlap, all their tokens scored;
 * infinite if the run diverged. Keys of a file that are not here are not read.
 *
 * @param validationBits bits a byte of the text
 * @param cacheBytes of a token in all layers, f32
 */
record StudyResult(
        String preset, String attention, double rate, long seed, long steps, long tokens, long parameters,
        double validationLoss, double validationBits, double testLoss, double testBits, long cacheBytes) {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().serializeSpecialFloatingPointValues().create();

    static StudyResult read(Path file) throws IOException {
        return GSON.fromJson(Files.readString(file), StudyResult.class);
    }

    /** Writes it whole or not at all: a run whose result is there is done. */
    void write(Path file) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.writeString(partial, GSON.toJson(this) + "\n");
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
