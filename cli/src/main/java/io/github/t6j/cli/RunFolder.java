package io.github.t6j.cli;

import io.github.t6j.training.Trainer;
import io.github.t6j.weights.FolderReplacement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The folder of a run, for one process at a time.
 *
 * <pre>
 *   config.json, model.safetensors, tokenizer.json …   the model with the lowest validation loss so far
 *   log.jsonl                                          what happened, a line a step
 *   checkpoints/step-000000500/                        states to go on from, the newest few; each a model, too
 * </pre>
 */
final class RunFolder implements AutoCloseable {
    private static final String CHECKPOINTS = "checkpoints";
    private static final String TRAINING_JSON = "training.json";
    private static final String LOCK = ".t6j-training";
    private static final String STEP = "step-\\d{9,15}";

    private final Path folder;
    private final int keep;
    private final FileChannel lock;

    /**
     * Takes the folder, and makes it if there is none.
     *
     * @param keep checkpoints that stay
     * @throws CommandFailure if another process has it, or it cannot be written
     */
    RunFolder(Path folder, int keep) {
        this.folder = folder;
        this.keep = keep;
        try {
            Files.createDirectories(folder.resolve(CHECKPOINTS));
            lock = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw Errors.failure(folder, "cannot be written", e);
        }
        if (!locked()) {
            close();
            throw new CommandFailure(
                    folder + ": expected a folder that is not in use, found that another t6j trains in "
                            + "it: wait until it has ended, or give another");
        }
        removeRemains();
    }

    /** What a process that was killed leaves while it saves a checkpoint, or while it removes one. */
    private void removeRemains() {
        try (Stream<Path> found = Files.list(folder.resolve(CHECKPOINTS))) {
            for (Path one : found.toList()) {
                String name = one.getFileName().toString();
                boolean partial = name.matches("\\." + STEP + "\\.partial");
                if (partial || name.matches(STEP) && !Files.exists(one.resolve(TRAINING_JSON))) {
                    removeIfPossible(one);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            close();
            throw Errors.failure(folder, "cannot be written", e);
        }
    }

    private static void removeIfPossible(Path one) {
        try {
            FolderReplacement.delete(one);
        } catch (UncheckedIOException e) { // a checkpoint that needs the place will say so
        }
    }

    private boolean locked() {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            return true; // a file system without locks
        }
    }

    /** Looks whether a new run can be made there. @throws CommandFailure if it holds anything */
    static void checkFresh(Path folder) {
        if (Files.isDirectory(folder.resolve(CHECKPOINTS)) && !checkpoints(folder).isEmpty()) {
            throw new CommandFailure(folder + ": expected a new or empty folder, found a run in it: go on with it by "
                    + "--resume, or give another folder");
        }
        if (!isRemainder(folder)) {
            NewFolder.check(folder);
        }
    }

    /** Whether it holds no more than what a run that ended before its first checkpoint leaves. */
    private static boolean isRemainder(Path folder) {
        if (!Files.isRegularFile(folder.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        List<String> own = List.of(LOCK, CHECKPOINTS, TrainLog.NAME);
        try (Stream<Path> files = Files.list(folder)) {
            return files.allMatch(file -> own.contains(file.getFileName().toString()));
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(folder, "cannot be read", e);
        }
    }

    /** The newest checkpoint of the run in {@code folder}. @throws CommandFailure if there is none */
    static Path newest(Path folder) {
        if (!Files.isDirectory(folder.resolve(CHECKPOINTS)) || checkpoints(folder).isEmpty()) {
            throw new CommandFailure(folder + ": expected a run to go on with, found no checkpoint in "
                    + folder.resolve(CHECKPOINTS) + ": leave --resume out to begin one");
        }
        return checkpoints(folder).getLast();
    }

    /** The checkpoints that are whole, oldest first. */
    private static List<Path> checkpoints(Path folder) {
        try (Stream<Path> found = Files.list(folder.resolve(CHECKPOINTS))) {
            return found.filter(one -> one.getFileName().toString().matches(STEP))
                    .filter(one -> Files.exists(one.resolve(TRAINING_JSON)))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(folder, "cannot be read", e);
        }
    }

    Path path() {
        return folder;
    }

    Path log() {
        return folder.resolve(TrainLog.NAME);
    }

    boolean hasModel() {
        return Files.exists(folder.resolve(WeightFile.NAME));
    }

    boolean hasCheckpoint() {
        return !checkpoints(folder).isEmpty();
    }

    /** Saves a checkpoint, unless that of this step is there, then removes those that are too many. */
    Path save(Trainer trainer) {
        Path checkpoint = folder.resolve(CHECKPOINTS).resolve(
                String.format(Locale.ROOT, "step-%09d", trainer.steps()));
        if (!Files.exists(checkpoint.resolve(TRAINING_JSON))) {
            trainer.save(checkpoint);
        }
        List<Path> all = checkpoints(folder);
        all.subList(0, Math.max(0, all.size() - keep)).forEach(FolderReplacement::delete);
        return checkpoint;
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw Errors.failure(folder, "cannot be written", e);
        }
    }
}
