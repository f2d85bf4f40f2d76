#!/bin/bash
#SBATCH --array=1-40 --cpus-per-task=1 --mem=4G --time=04:00:00
# Judge a corpus by an array of jobs: sbatch slurm_array.sh PAIRS OUT
# Before it, once: tracker corpus work PAIRS OUT --count
tracker corpus work "$1" "$2" --part "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
