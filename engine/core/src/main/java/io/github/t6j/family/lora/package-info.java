/**
 * LoRA adapters in the files of Hugging Face's PEFT, merged into a model's matrices while they are read, and written by
 * training.
 */
package io.github.t6j.family.lora;
