package io.github.t6j.jmh.soak;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process of {@code t6j serve}, whose messages go to standard error. */
final class ServerProcess implements AutoCloseable {
    private static final Pattern SERVING = Pattern.compile("serving \\S+ at (https?://\\S+) ");
    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");
    private static final int START_SECONDS = 600;

    /** Exit code after SIGTERM: 128 + 15. */
    private static final int TERMINATED = 143;

    private final Process process;
    private final URI url;

    /** Starts {@code command}, and waits until it serves. */
    ServerProcess(List<String> command) throws IOException, InterruptedException {
        process = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        CompletableFuture<URI> serving = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("messages of the server").start(() -> copyMessages(serving));
        try {
            url = serving.get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + ": expected the line \"serving … at URL\", found none",
                    e);
        }
    }

    private void copyMessages(CompletableFuture<URI> serving) {
        try (BufferedReader lines = process.errorReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.err.println(line);
                Matcher found = SERVING.matcher(line);
                if (found.find()) {
                    serving.complete(URI.create(found.group(1)));
                }
            }
        } catch (IOException closed) {
            // the process has ended
        }
        serving.completeExceptionally(new IOException("the server ended"));
    }

    URI url() {
        return url;
    }

    /**
     * Returns the resident memory in MB, of the process and its children; 0 if the system does not report it.
     */
    long residentMegabytes() {
        return (resident(process.toHandle()) + process.descendants().mapToLong(ServerProcess::resident).sum()) >> 10;
    }

    private static long resident(ProcessHandle handle) {
        try {
            Matcher found = RESIDENT.matcher(Files.readString(Path.of("/proc", Long.toString(handle.pid()), "status")));
            return found.find() ? Long.parseLong(found.group(1)) : 0;
        } catch (IOException none) {
            return 0;
        }
    }

    /** Kills the process, as the system does when memory runs out. */
    void kill() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }

    /** Ends the process by SIGTERM. @throws IOException if it ends in another way */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        int code = process.waitFor();
        if (code != TERMINATED) {
            throw new IOException("expected exit code " + TERMINATED + " after SIGTERM, found " + code);
        }
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
