"""From a folder of X-rays to where the jobs read them: fetch, sample, resize."""
