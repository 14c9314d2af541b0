/**
 * Opens the weights of a model in any format. {@code CheckpointFiles} chooses the file of a folder. {@code Checkpoint}
 * detects its format by the first bytes and calls {@code Safetensors}, {@code ShardIndex} and then a parser for each
 * shard, {@code Gguf}, or {@code TorchCheckpoint}. May use {@code weights} and all formats in it.
 *
 * <p>To add a format, write a class with a {@code parse} method from memory to {@code Map<String, Tensor>}, and add a
 * line or two to {@code Checkpoint}.
 */
package io.github.t6j.weights.checkpoint;
