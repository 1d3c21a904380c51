"""The chest picture with 8 bits as HTJ2K, within 3 grey levels: no package at hand writes that format.

Written by OpenJPH, as in imagecodecs 2026.3.6: `htj2k_encode(picture, level=0.01, reversible=False)`.
"""

import base64

HTJ2K = base64.b85decode(
    r"""|4;u>04YEK0000$0000;00000000000000$0000;0000000000009R90sl|{2mk^A001EWQUDA90ssL31q1{@0RLP7BO+m`VT)ml"""
    r"""VQyKOS(#aeQOi-wQQAsEN<vDOLLfpQLD>If02crOPjF>!N>E53R%LP^FfKASE;BCwkN^q*00002XaE8KlfVUN;TuJ(<kwLC1DQd!"""
    r"""0Kf%o093#QNRoQ7X6N|&>H^H7l>mr6I~Mr>f|LM62$|va0RuDuzzco=TJQqYc?xyOk&Um(ETaE1%fvIP{{=IF6zu{ZatcHM5t#r-"""
    r"""0E*283Ai2y=@=2+5dHw6$bbN9m;f6A5<tr#MISkz1SItd9Ec)AHvqsFqrexUz!vZlNP~eH{T)2ymH?DMb|02tauFr5W@Mp4DUG?9"""
    r"""s_5BN<73nXD-"""
    r"""ch$;^$Np8wxs1{sLOqI{aa^oOMKy1eCcI?IKUQH36>-w*(z_h%Li0^yQAUYPhc>7j=B3LPq%>T=-i=5_WtsqXs35-tAq**W7RS-z"""
    r"""xq>z4rGzU)&L4OjoE{xn#r$kW>N1Jymtn0v=bI5X>MI>HNHSwj2G&MN`?Py6y4f0l+U+fL{99xd7b|4Um`$AZlemN$LS9JK1c&VU"""
    r"""7U-ga(jgb`-!Ue-COnNaS1$cK-WZ00%LJRmo>Et%o3F^9>jejv36=BMfQKrSNQi&q3x8Z8z`c>>|nny753j_;8Lk6CuDXabnRGWv"""
    r"""Fg7M$FouPJm&l#1=zD*H<+muT&y9qGpN#8Dl`0X|P2SjYL$*6Acu&^sMA!@&XSaGD}cC?q6;^J-"""
    r"""zg>^<B12&|$`ouKH|qcSZh>c^orgUg4)4x-"""
    r"""o0Z^!RE<AyV;ovti_{0hCSP1i)L67fQc*fJ_pQ$*cc)SAPK|hf_NbwEes79kP0I!~p<6OA`s12ogaeNCbE9|9waiwNG@(DbpmT9V"""
    r"""v3<h-tO!P^ba_*#"""
)
