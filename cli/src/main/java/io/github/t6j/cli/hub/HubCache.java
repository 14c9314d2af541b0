package io.github.t6j.cli.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The cache's folders, in the layout of Hugging Face's Python library:
 *
 * <pre>
 * .locks/models--ORG--NAME/ID.lock
 * models--ORG--NAME/refs/main                 a commit, without a line end
 *                   snapshots/COMMIT/PATH  →  ../../blobs/ID, or the file itself if links are not supported
 *                   blobs/ID
 * </pre>
 */
public final class HubCache {
    static final String SNAPSHOTS = "snapshots";
    static final String BLOBS = "blobs";
    static final String REFS = "refs";
    private static final String PREFIX = "models--";
    private static final int SHORTEST_COMMIT = 5;

    private final Path folder;
    private final boolean links;

    public HubCache(HubSettings settings) {
        this.folder = settings.cache();
        this.links = settings.links();
    }

    /** Returns the folder of the cache. */
    public Path folder() {
        return folder;
    }

    Path repository(String repository) {
        return folder.resolve(PREFIX + repository.replace("/", "--"));
    }

    Path snapshot(String repository, String commit) {
        return repository(repository).resolve(SNAPSHOTS).resolve(commit);
    }

    Path blob(String repository, String id) {
        return repository(repository).resolve(BLOBS).resolve(id);
    }

    Path locks(String repository) {
        return folder.resolve(".locks").resolve(PREFIX + repository.replace("/", "--"));
    }

    /** Returns the path of a file in a snapshot. */
    Path file(String repository, String commit, String path) {
        Path file = snapshot(repository, commit);
        for (String part : path.split("/")) {
            file = file.resolve(part);
        }
        return file;
    }

    boolean has(String repository, String commit, RemoteFile file) throws IOException {
        return BlobDownload.isComplete(file(repository, commit, file.path()), file);
    }

    /**
     * Links an existing blob into a snapshot.
     *
     * @param isNew true if nothing else uses the blob; without links, such a blob is moved, others are copied
     */
    void link(String repository, String commit, RemoteFile file, boolean isNew) throws IOException {
        Path blob = blob(repository, file.id());
        Path place = file(repository, commit, file.path());
        Files.createDirectories(place.getParent());
        if (links) {
            Files.deleteIfExists(place);
            try {
                Files.createSymbolicLink(place, place.getParent().relativize(blob));
                return;
            } catch (FileAlreadyExistsException e) {
                return; // another pull created the link
            } catch (UnsupportedOperationException | IOException e) {
                // Links are not supported, as on Windows without developer mode: store the file itself.
            }
        }
        if (isNew) {
            Files.move(blob, place, StandardCopyOption.REPLACE_EXISTING);
        } else {
            Files.copy(blob, place, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Records the commit of a branch or tag. */
    void setRevision(String repository, String revision, String commit) throws IOException {
        if (revision.equals(commit)) {
            return;
        }
        Path ref = repository(repository).resolve(REFS).resolve(revision);
        if (Files.isRegularFile(ref) && read(ref).equals(commit)) {
            return; // also in a folder that cannot be written
        }
        Files.createDirectories(ref.getParent());
        Path next = ref.resolveSibling(ref.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".tmp");
        try {
            Files.writeString(next, commit, StandardCharsets.US_ASCII);
            Files.move(next, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(next);
        }
    }

    /** Returns the folder, or the first file, of {@code name} if it was pulled. */
    public Optional<Path> find(ModelName name) throws IOException {
        Optional<Path> snapshot = findSnapshot(name);
        Optional<Path> found = snapshot.map(root -> name.inside().isEmpty() ? root : root.resolve(name.inside()))
                .filter(Files::exists);
        return name.isQuantized() && found.isPresent() ? findQuantized(name, found.get()) : found;
    }

    /** Returns the first file of the one model of a quantisation, if it was pulled. */
    private static Optional<Path> findQuantized(ModelName name, Path folder) throws IOException {
        List<String> paths = files(folder).stream().filter(Files::exists)
                .map(file -> folder.relativize(file).toString().replace('\\', '/')).toList();
        List<List<String>> models = Quantization.find(name.quantization(), paths);
        return models.size() == 1 && models.getFirst().size() == Quantization.shards(models.getFirst().getFirst())
                ? Optional.of(folder.resolve(models.getFirst().getFirst()))
                : Optional.empty();
    }

    private Optional<Path> findSnapshot(ModelName name) throws IOException {
        Path repository = repository(name.repository());
        Path ref = repository.resolve(REFS).resolve(name.revision());
        String commit = Files.isRegularFile(ref) ? read(ref) : name.revision();
        Path exact = repository.resolve(SNAPSHOTS).resolve(commit);
        if (FileNames.unsafeReason(commit) == null && !commit.contains("/") && Files.isDirectory(exact)) {
            return Optional.of(exact);
        }
        if (!commit.matches("[0-9a-f]{" + SHORTEST_COMMIT + ",40}")) {
            return Optional.empty();
        }
        List<Path> matching = list(repository.resolve(SNAPSHOTS)).stream()
                .filter(found -> found.getFileName().toString().startsWith(commit)).toList();
        return matching.size() == 1 ? Optional.of(matching.getFirst()) : Optional.empty();
    }

    /** Contents of a repository's cache: the names of the revisions of each snapshot folder, usually one. */
    public record Pulled(String repository, Map<Path, List<String>> snapshots) {}

    /** Returns the repositories of models in the cache, sorted. */
    public List<String> repositories() throws IOException {
        return list(folder).stream().filter(Files::isDirectory).map(repository -> repository.getFileName().toString())
                .filter(name -> name.startsWith(PREFIX))
                .map(name -> name.substring(PREFIX.length()).replaceFirst("--", "/")).toList();
    }

    /** Returns the contents of a repository's cache, if there are any. */
    public Optional<Pulled> of(String repository) throws IOException {
        Path found = repository(repository);
        return Files.isDirectory(found) ? Optional.of(pulled(repository, found)) : Optional.empty();
    }

    private static Pulled pulled(String name, Path repository) throws IOException {
        Map<Path, List<String>> snapshots = new TreeMap<>();
        for (Path snapshot : list(repository.resolve(SNAPSHOTS))) {
            if (Files.isDirectory(snapshot)) {
                snapshots.put(snapshot, new ArrayList<>());
            }
        }
        Path refs = repository.resolve(REFS);
        for (Path ref : files(refs)) {
            List<String> names = snapshots.get(repository.resolve(SNAPSHOTS).resolve(read(ref)));
            if (names != null) {
                names.add(refs.relativize(ref).toString().replace('\\', '/'));
            }
        }
        return new Pulled(name, snapshots);
    }

    /** Returns the commit in a file of refs, or "-" if it contains no commit. */
    static String read(Path ref) throws IOException {
        if (!Files.isRegularFile(ref) || Files.size(ref) > 100) {
            return "-";
        }
        String commit = new String(Files.readAllBytes(ref), StandardCharsets.ISO_8859_1).strip();
        return commit.matches("[0-9a-f]+") ? commit : "-";
    }

    /** Returns all files and links below a folder, sorted; none if the folder does not exist. */
    static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)).sorted().toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
