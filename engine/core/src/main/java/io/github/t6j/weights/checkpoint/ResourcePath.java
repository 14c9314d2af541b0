package io.github.t6j.weights.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;

/**
 * Path of a resource of the class path or of a module: in a folder, in a jar, which stays open until {@link #close}, or
 * in a run-time image.
 *
 * @param path folder or file
 * @param jar file system of the jar, or null
 */
public record ResourcePath(Path path, FileSystem jar) implements AutoCloseable {
    /**
     * Finds a model's folder, which has a config.json, or its file of weights.
     *
     * @param owner class that finds the resource, as for {@link Class#getResource}
     * @throws IllegalArgumentException if there is no such resource, or files of its place cannot be opened
     */
    public static ResourcePath of(Class<?> owner, String name) {
        boolean isFile = CheckpointFiles.mayHoldWeights(Path.of(name));
        URL found = owner.getResource(isFile ? name : name + "/config.json");
        if (found == null) {
            throw new IllegalArgumentException("resource " + name + ": expected " + (isFile
                    ? "this file"
                    : "a folder"
                            + " with config.json")
                    + " beside " + owner.getName() + ", or from the root if the name begins with"
                    + " /, found none: a module must open the package, unless a folder's name is no name of a package");
        }
        try {
            ResourcePath file = of(found);
            return isFile ? file : new ResourcePath(file.path.getParent(), file.jar);
        } catch (IOException e) {
            throw new UncheckedIOException("resource " + name + ": cannot be read: " + e.getMessage(), e);
        } catch (URISyntaxException | FileSystemNotFoundException | ProviderNotFoundException
                | IllegalArgumentException e) {
            throw new IllegalArgumentException("resource " + name + ": expected a folder, a jar (read by the module"
                    + " jdk.zipfs) or a run-time image, found " + found + ": copy it to a folder and load that", e);
        }
    }

    private static ResourcePath of(URL found) throws IOException, URISyntaxException {
        String url = found.toString();
        int entry = url.lastIndexOf("!/");
        if (!found.getProtocol().equals("jar") || entry < 0) {
            return new ResourcePath(Path.of(found.toURI()), null);
        }
        Path file = Path.of(new URI(url.substring("jar:".length(), entry)));
        FileSystem jar = FileSystems.newFileSystem(file);
        String inside = new URI("file:" + url.substring(entry + 1)).getPath(); // decodes %20
        return new ResourcePath(jar.getPath(inside), jar);
    }

    @Override
    public void close() {
        try {
            if (jar != null) {
                jar.close();
            }
        } catch (IOException nothingIsLost) {
            // nothing to lose: the jar was only read
        }
    }
}
