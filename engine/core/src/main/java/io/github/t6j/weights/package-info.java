/**
 * Reads a model's files as named tensors, and writes them. The package uses {@code json} and
 * {@link io.github.t6j.ModelFormatException}; it does not know the purpose of a tensor.
 *
 * <p>Entry points:
 * <ul>
 *   <li>loading a model: {@code weights.checkpoint.Checkpoint}; the loader repacks its {@link
 *       io.github.t6j.weights.Tensor}s for the kernels and then closes it;
 *   <li>{@code convert}, {@code init}, {@code logits}: {@code Safetensors.write} with
 *       {@link io.github.t6j.weights.Tensor#of}, or with a checkpoint's own tensors;
 *   <li>config.json, tokenizer.json, t6j.json: {@link io.github.t6j.json.Json}.
 * </ul>
 *
 * <p>From file to tensors: {@code FileBytes} maps the whole file, or copies it into off-heap memory. All other classes
 * work on that memory, and a tensor is a read-only slice of it.
 *
 * <p>{@code TorchCheckpoint} reads the zip file through {@code ZipDirectory}, which verifies the CRC-32 of each entry
 * used and so reads all its bytes, or reads the form before torch 1.6. {@code Unpickler} and {@code TorchPickle}
 * convert the pickle to descriptions of tensors. {@code TorchCheckpoint} checks these against the storages; {@code
 * StridedCopy} copies the tensors that are not contiguous.
 *
 * <p>{@code Gguf} reads everything before the data through {@code GgufReader}.
 *
 * <p>Files are not trusted. Every length, offset and shape is checked before use, with arithmetic that cannot overflow.
 * No file makes this package run code, nest without limit, or take much more memory than the file's length. A malformed
 * file causes a {@code ModelFormatException}; a system error (no such file, no permission, no memory) an
 * {@link java.io.UncheckedIOException}. Both name the file in one line.
 */
package io.github.t6j.weights;
