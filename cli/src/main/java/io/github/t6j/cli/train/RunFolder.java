package io.github.t6j.cli.train;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.NewFolder;
import io.github.t6j.cli.models.WeightFile;
import io.github.t6j.family.lora.LoraConfig;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.files.FolderReplacement;
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
 *   log.jsonl                                          a line for each step and evaluation
 *   checkpoints/step-000000500/                        the newest states to resume from; each is also a model
 * </pre>
 */
final class RunFolder implements AutoCloseable {
    private static final String CHECKPOINTS = "checkpoints";
    private static final String TRAINING_JSON = "training.json";
    private static final String LOCK = ".t6j-training";
    private static final String STEP = "step-\\d{9,15}";

    private final Path folder;
    private final int keep;
    private final List<Path> created; // with the folders above it, innermost first
    private final FileChannel lock;

    /**
     * Locks the folder, and creates it if it does not exist.
     *
     * @param keep number of checkpoints to keep
     * @throws CommandFailure if another process uses it, or it cannot be written
     */
    RunFolder(Path folder, int keep) {
        this.folder = folder;
        this.keep = keep;
        created = Stream.iterate(folder.toAbsolutePath(), place -> place != null && !Files.exists(place),
                Path::getParent).toList();
        try {
            Files.createDirectories(folder.resolve(CHECKPOINTS));
            lock = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw Errors.failure(folder, "cannot be written", e);
        }
        if (!locked()) {
            closeLock();
            throw new CommandFailure(
                    folder + ": expected a folder that is not in use, found another t6j training in "
                            + "it: wait until it has finished, or choose another folder");
        }
        removeRemains();
    }

    /** Removes the remains of a process that was killed while it saved or removed a checkpoint. */
    private void removeRemains() {
        try (Stream<Path> found = Files.list(folder.resolve(CHECKPOINTS))) {
            for (Path file : found.toList()) {
                String name = file.getFileName().toString();
                boolean partial = name.matches("\\." + STEP + "\\.partial");
                if (partial || name.matches(STEP) && !Files.exists(file.resolve(TRAINING_JSON))) {
                    removeIfPossible(file);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            close();
            throw Errors.failure(folder, "cannot be written", e);
        }
    }

    private static void removeIfPossible(Path checkpoint) {
        try {
            FolderReplacement.delete(checkpoint);
        } catch (UncheckedIOException e) { // a later checkpoint of that name will report it
        }
    }

    private boolean locked() {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            return true; // the file system has no locks
        }
    }

    /** Checks that a new run can begin in {@code folder}. @throws CommandFailure if it is not empty */
    static void checkFresh(Path folder) {
        if (Files.isDirectory(folder.resolve(CHECKPOINTS)) && !checkpoints(folder).isEmpty()) {
            throw new CommandFailure(folder + ": expected a new or empty folder, found a run in it: continue it with "
                    + "--resume, or choose another folder");
        }
        if (!isRemainder(folder)) {
            NewFolder.check(folder);
        }
    }

    /** Returns true if the folder has only the remains of a run that ended before its first checkpoint. */
    private static boolean isRemainder(Path folder) {
        if (!Files.isRegularFile(folder.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        List<String> leftovers = List.of(LOCK, CHECKPOINTS, TrainLog.NAME);
        try (Stream<Path> files = Files.list(folder)) {
            return files.allMatch(file -> leftovers.contains(file.getFileName().toString()));
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(folder, "cannot be read", e);
        }
    }

    /** Returns the newest checkpoint of the run in {@code folder}. @throws CommandFailure if there is none */
    static Path newest(Path folder) {
        if (!Files.isDirectory(folder.resolve(CHECKPOINTS)) || checkpoints(folder).isEmpty()) {
            throw new CommandFailure(folder + ": expected a run to resume, found no checkpoint in "
                    + folder.resolve(CHECKPOINTS) + ": omit --resume to begin a new run");
        }
        return checkpoints(folder).getLast();
    }

    /**
     * Checks that no other process made a checkpoint since {@code resumed} was the newest one.
     *
     * @throws CommandFailure if one did
     */
    void checkNewest(Path resumed) {
        Path newest = newest(folder);
        if (!newest.equals(resumed)) {
            throw new CommandFailure(folder + ": expected the newest checkpoint " + resumed.getFileName() + ", found "
                    + newest.getFileName() + ", which another t6j saved meanwhile: run the command again");
        }
    }

    /** Returns the complete checkpoints, oldest first. */
    private static List<Path> checkpoints(Path folder) {
        try (Stream<Path> found = Files.list(folder.resolve(CHECKPOINTS))) {
            return found.filter(file -> file.getFileName().toString().matches(STEP))
                    .filter(file -> Files.exists(file.resolve(TRAINING_JSON)))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(folder, "cannot be read", e);
        }
    }

    /** Returns the number of checkpoints to keep. */
    int keep() {
        return keep;
    }

    Path path() {
        return folder;
    }

    Path log() {
        return folder.resolve(TrainLog.NAME);
    }

    /** Checks that the disk holds the model, and the checkpoints to keep with one more that is being written. */
    void checkSpace(Trainer trainer) {
        long left = trainer.options().rate().updates() - trainer.steps();
        int saved = checkpoints(folder).size();
        long more = Math.min(left, Math.max(1, keep + 1L - saved));
        int models = hasModel() || left < 2 ? 1 : 2; // a better one is written before it replaces the other
        long weights = trainer.parameterCount() * Float.BYTES;
        DiskSpace.check(folder, weights * (3 * more + models)); // a checkpoint has the weights, and two moments of each
    }

    boolean hasModel() {
        return Files.exists(folder.resolve(WeightFile.NAME)) || Files.exists(folder.resolve(LoraConfig.WEIGHTS));
    }

    boolean hasCheckpoint() {
        return !checkpoints(folder).isEmpty();
    }

    /** Saves a checkpoint, unless one of this step exists, then removes the oldest ones that exceed the limit. */
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

    /** Unlocks the folder, and removes what the constructor made if the run wrote nothing. */
    @Override
    public void close() {
        if (!Files.exists(log())) { // the first file of a run
            removeUnused();
        }
        closeLock();
    }

    private void closeLock() {
        Errors.close(lock, folder, "cannot be written");
    }

    private void removeUnused() {
        try {
            Files.deleteIfExists(folder.resolve(CHECKPOINTS));
            Files.deleteIfExists(folder.resolve(LOCK));
            for (Path place : created) {
                Files.deleteIfExists(place);
            }
        } catch (IOException e) {
            // it is not empty
        }
    }
}
