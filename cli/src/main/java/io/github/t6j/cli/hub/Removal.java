package io.github.t6j.cli.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Removal of a model from the cache: its files in the snapshots, and the blobs that no other file of the repository
 * uses. Nothing outside the repository's folder is removed, even if links lead there.
 */
public final class Removal {
    private final HubCache cache;
    private final ModelName name;
    private final Path repository;
    private final boolean whole;
    private final List<Path> files = new ArrayList<>();
    private final Set<Path> blobs = new HashSet<>();
    private final long bytes;

    private Removal(HubCache cache, ModelName name, boolean everywhere) throws IOException {
        this.cache = cache;
        this.name = name;
        this.repository = cache.repository(name.repository());
        this.whole = everywhere && name.inside().isEmpty() && !name.isQuantized();
        Set<Path> used = new HashSet<>();
        Path only = everywhere ? null : cache.find(name.unquantized()).orElse(repository.resolve("none"));
        for (Path snapshot : cache.of(name.repository()).orElseThrow().snapshots().keySet()) {
            List<Path> all = HubCache.files(snapshot);
            Set<Path> taken = taken(only != null ? only : snapshot.resolve(name.inside()), all);
            for (Path file : all) {
                boolean isTaken = taken.contains(file);
                (isTaken ? blobs : used).add(blobOf(file));
                if (isTaken) {
                    files.add(file);
                }
            }
        }
        blobs.removeAll(used);
        this.bytes = size(whole ? HubCache.files(repository) : concat());
    }

    /**
     * Plans the removal of {@code name}, if it exists.
     *
     * @param everywhere true for all revisions, false for the one of the name only
     */
    public static Optional<Removal> of(HubCache cache, ModelName name, boolean everywhere) throws IOException {
        if (cache.of(name.repository()).isEmpty()) {
            return Optional.empty();
        }
        Removal removal = new Removal(cache, name, everywhere);
        return removal.whole || !removal.files.isEmpty() ? Optional.of(removal) : Optional.empty();
    }

    /** Returns the {@code files} that the name selects: all of them, or the ones of a quantisation or a model. */
    private Set<Path> taken(Path place, List<Path> files) {
        boolean isFile = name.isFile();
        Path base = isFile ? place.getParent() : place;
        Map<String, Path> below = new HashMap<>();
        files.stream().filter(file -> file.startsWith(base))
                .forEach(file -> below.put(base.relativize(file).toString().replace('\\', '/'), file));
        Collection<String> names = isFile
                ? Quantization.modelOf(place.getFileName().toString(), below.keySet())
                : name.isQuantized()
                        ? Quantization.find(name.quantization(), below.keySet()).stream().flatMap(List::stream).toList()
                        : below.keySet();
        return names.stream().map(below::get).collect(Collectors.toSet());
    }

    /** Returns the number of bytes that the removal frees. */
    public long bytes() {
        return bytes;
    }

    private List<Path> concat() {
        return Stream.concat(files.stream(), blobs.stream()).toList();
    }

    private static long size(List<Path> files) throws IOException {
        long bytes = 0;
        for (Path file : files) {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    /** Returns the blob that a file of a snapshot links to, or else a path that does not exist. */
    private Path blobOf(Path file) throws IOException {
        Path none = repository.resolve(HubCache.BLOBS).resolve("none");
        if (!Files.isSymbolicLink(file)) {
            return none;
        }
        Path target = file.resolveSibling(Files.readSymbolicLink(file)).normalize();
        boolean isBlob = target.getParent().equals(repository.resolve(HubCache.BLOBS).normalize());
        return isBlob ? target : none;
    }

    /** Removes the files. */
    public void run() throws IOException {
        if (whole) {
            removeTree(repository);
            removeTree(cache.locks(name.repository()));
            return;
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
            removeEmpty(file.getParent());
        }
        for (Path blob : blobs) {
            Files.deleteIfExists(blob);
        }
        for (Path ref : HubCache.files(repository.resolve(HubCache.REFS))) {
            if (!Files.isDirectory(repository.resolve(HubCache.SNAPSHOTS).resolve(HubCache.read(ref)))) {
                Files.deleteIfExists(ref);
            }
        }
        if (cache.of(name.repository()).orElseThrow().snapshots().isEmpty()) {
            removeTree(repository);
            removeTree(cache.locks(name.repository()));
        }
    }

    private void removeEmpty(Path folder) throws IOException {
        Path at = folder;
        while (!at.endsWith(HubCache.SNAPSHOTS) && isEmpty(at)) {
            Files.delete(at);
            at = at.getParent();
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    private static void removeTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> files = Files.walk(folder)) { // links are not followed
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }
}
